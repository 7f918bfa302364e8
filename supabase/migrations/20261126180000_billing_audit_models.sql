-- Models: what was learned from the trail and from what reviewers said, by which data it was learned, how it compared with the
-- one in force, and which is in force now. A row is kept for ever, its model for the five newest.
--
-- Who puts a model in force, or takes it back, is in the trail by an event of the same transaction (triggers is_an_act).
--
-- Errors: BA001 the call itself is wrong    BA005 the caller has no right to this, or is nobody    BA006 there is no such model
--         BA017 another model is in force by now than the caller was shown

create table billing_audit.models (
    version       bigint      primary key check (version > 0),
    hash          text        not null unique references billing_audit.in_force_texts,
    data          jsonb       not null check (jsonb_typeof(data) = 'object'),
    seed          bigint      not null,
    metrics       jsonb       not null check (jsonb_typeof(metrics) = 'object'),
    gates         jsonb       not null check (jsonb_typeof(gates) = 'array'),
    status        text        not null check (status in ('challenger', 'champion', 'retired', 'refused')),
    body          text        check (octet_length(body) <= 2097152),
    body_sha256   text        not null check (body_sha256 ~ '^[0-9a-f]{64}$'),
    bytes         integer     not null check (bytes between 2 and 2097152),
    trained_by    text        not null check (trained_by <> ''),
    created_at    timestamptz not null default billing_audit.clock(),
    promoted_at   timestamptz,
    promoted_by   text,
    retired_at    timestamptz,
    check (status <> 'champion' or body is not null and promoted_at is not null)
);
-- Not pressed: to press 1.4 MB takes 40 ms, in which the embedded store serves nobody, and only a few of them are kept.
alter table billing_audit.models alter column body set storage external;
comment on table billing_audit.models is 'Every model that was trained; one champion at most. Only the five newest, and the champion, still have their body.';
comment on column billing_audit.models.hash is 'SHA-256 of the description that is kept in in_force_texts: the model_version of the events that it scored.';
comment on column billing_audit.models.data is 'What it learned from: {sha256, from, to, events, labelled, incidents}.';
comment on column billing_audit.models.gates is '[{name, passed, because}]: what it was asked before it might take the champion''s place.';
comment on column billing_audit.models.body is 'The model as JSON text, byte for byte as it was trained; null: no longer kept.';
comment on column billing_audit.models.retired_at is 'When it ceased to be in force, by another or by a roll-back.';
create unique index models_one_champion on billing_audit.models (status) where status = 'champion';

-- No check of the table, which would hash 1.4 MB again whenever a model goes in or out of force: 8 ms in the embedded store.
create function billing_audit.hash_of_model_body() returns trigger
language plpgsql
set search_path = ''
as $$
declare
    hash_ text := encode(sha256(convert_to(new.body, 'UTF8')), 'hex');
begin
    if new.body_sha256 is null then
        new.body_sha256 := hash_;
    elsif new.body_sha256 <> hash_ then
        raise exception using errcode = 'check_violation',
            message = format('Model %s is kept byte for byte as it was trained: this is not its text.', new.version),
            hint = 'Train another model, or take this one out of force.';
    end if;
    return new;
end
$$;
create trigger body_is_hashed before insert or update of body, body_sha256 on billing_audit.models
    for each row when (new.body is not null) execute function billing_audit.hash_of_model_body();

-- A model as it stands on wires, without its body.
create function billing_audit.model_json(m billing_audit.models) returns jsonb
language sql stable
set search_path = ''
as $$
    select jsonb_build_object(
        'version', m.version, 'hash', m.hash, 'data', m.data, 'seed', m.seed, 'metrics', m.metrics, 'gates', m.gates,
        'status', m.status, 'is_kept', m.body is not null, 'bytes', m.bytes, 'body_sha256', m.body_sha256,
        'trained_by', m.trained_by, 'created_at', billing_audit.instant(m.created_at),
        'promoted_at', billing_audit.instant(m.promoted_at), 'promoted_by', m.promoted_by,
        'retired_at', billing_audit.instant(m.retired_at))
$$;

-- What the trail says of an act on models. One call is one act, however many rows it moves: the function that acts says in
-- billing_audit.model_act what is noted, {kind, version, before, by, by_program, reason, failed}, or 'aside' for what belongs to
-- an act that is noted by another row. `failed`: what the gates said against a model that a person puts in force all the same;
-- that weakens detection as a threshold does that is raised (DESIGN §3), and the act says so.
create function billing_audit.act_of_models() returns trigger
language plpgsql
set search_path = ''
as $$
declare
    said text := coalesce(current_setting('billing_audit.model_act', true), '');
    act  jsonb;
begin
    if said = 'aside' then
        return null;
    end if;
    act := case when said = '' then jsonb_build_object('kind', 'model_changed', 'version', new.version) else said::jsonb end;
    perform set_config('billing_audit.model_act', '', true);
    perform billing_audit.note_acts(jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
        'kind', act ->> 'kind', 'changed_by', act ->> 'by',
        'changed_by_kind', case when (act ->> 'by_program')::boolean then 'automation'
            when act ->> 'by' is null then 'unknown' else 'person' end,
        'old_value', act ->> 'before', 'new_value', coalesce(act ->> 'version', 'none'),
        'issue_description', case act ->> 'kind'
            when 'model_trained' then format('Model %s was trained by %s and is not in force: %s',
                act ->> 'version', act ->> 'by', coalesce(nullif(act ->> 'reason', ''), 'it waits for a decision.'))
            when 'model_promoted' then format('%s put model %s in force%s%s', act ->> 'by', act ->> 'version',
                coalesce(' in place of model ' || (act ->> 'before'), ''), coalesce(': ' || nullif(act ->> 'reason', ''), '.'))
                || coalesce(' (Its gates said: ' || (act ->> 'failed') || ')', '')
            when 'model_rolled_back' then format('%s took model %s back; %s is in force%s', act ->> 'by', act ->> 'before',
                coalesce('model ' || (act ->> 'version'), 'no model'), coalesce(': ' || nullif(act ->> 'reason', ''), '.'))
            else format('Model %s was made "%s" past the functions.', new.version, new.status) end,
        'values', jsonb_strip_nulls(jsonb_build_object('model', act ->> 'version', 'before', act ->> 'before',
            'reason', nullif(act ->> 'reason', '')))))
        || case when act ->> 'failed' is null then '{}' else billing_audit.weakening_act('Model in force') end));
    return null;
end
$$;
create trigger is_an_act_added after insert on billing_audit.models
    for each row execute function billing_audit.act_of_models();
create trigger is_an_act_changed after update on billing_audit.models
    for each row when (old.status is distinct from new.status) execute function billing_audit.act_of_models();

-- Removing a model would leave events whose model_version nobody can explain.
create trigger never_deleted before delete on billing_audit.models
    for each row execute function billing_audit.refuse_change();
create trigger never_truncated before truncate on billing_audit.models
    for each statement execute function billing_audit.refuse_change();
alter table billing_audit.models enable always trigger never_deleted;
alter table billing_audit.models enable always trigger never_truncated;

-- One act on models at a time, so that there is never a moment with two champions, or an act that saw another's half.
create function billing_audit.lock_models() returns void
language sql
set search_path = ''
as $$
    select pg_advisory_xact_lock(hashtextextended('billing_audit:models', 0))
$$;

-- Takes the champion out of force within another act. Gives its version, or null.
create function billing_audit.retire_champion(at_ timestamptz) returns bigint
language plpgsql
set search_path = ''
as $$
declare
    was bigint;
begin
    perform set_config('billing_audit.model_act', 'aside', true);
    update billing_audit.models set status = 'retired', retired_at = at_ where status = 'champion' returning version into was;
    perform set_config('billing_audit.model_act', '', true);
    return was;
end
$$;

-- Bodies of all but the five newest go; the champion's stays, and that of the one before it, for a roll-back: the same as
-- billing_audit_roll_back_model takes, and not one that was taken back.
create function billing_audit.prune_models() returns void
language sql
set search_path = ''
as $$
    update billing_audit.models set body = null
    where body is not null and version not in (
        select version from billing_audit.models where body is not null
        order by status = 'champion' desc,
            coalesce(version = (select m.version from billing_audit.models as m where m.status = 'retired' and m.body is not null
                and m.promoted_at < (select c.promoted_at from billing_audit.models as c where c.status = 'champion')
                order by m.promoted_at desc limit 1), false) desc,
            version desc
        limit 5)
$$;

-- p: description (canonical JSON text; its SHA-256 becomes the model_version), body (JSON text), data, seed, metrics, gates,
-- status (champion, challenger, refused), by, reason (for refused). Gives {model, is_new}. The same description again is the
-- same model: nothing is stored, nothing moves.
create function public.billing_audit_put_model(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    now_   timestamptz := billing_audit.clock();
    body_  text := p ->> 'body';
    hash_  text;
    next_  bigint;
    was    bigint;
    made   billing_audit.models;
begin
    perform billing_audit.require(p, 'description', 'body', 'data', 'seed', 'metrics', 'gates', 'status', 'by');
    if octet_length(body_) > 2097152 then
        raise exception using errcode = 'BA001', message = format('The model has %s bytes; 2 MB are kept at most.', octet_length(body_)),
            hint = 'Train it with fewer trees or knots.';
    elsif p ->> 'status' not in ('champion', 'challenger', 'refused') then
        raise exception using errcode = 'BA001', message = format('A new model cannot be "%s".', p ->> 'status'),
            hint = 'Use champion, challenger or refused.';
    end if;
    perform billing_audit.lock_models();
    hash_ := public.billing_audit_keep_in_force(jsonb_build_object('texts', jsonb_build_array(
        jsonb_build_object('kind', 'model', 'text', p ->> 'description')))) -> 'hashes' ->> 0;
    select * into made from billing_audit.models where hash = hash_;
    if made.version is not null then
        return jsonb_build_object('model', billing_audit.model_json(made), 'is_new', false);
    end if;
    -- Nobody else inserts while the lock is held, and no row is ever deleted.
    select coalesce(max(version), 0) + 1 into next_ from billing_audit.models;
    if p ->> 'status' = 'champion' then
        was := billing_audit.retire_champion(now_);
    end if;
    perform set_config('billing_audit.model_act', jsonb_build_object(
        'kind', case when p ->> 'status' = 'champion' then 'model_promoted' else 'model_trained' end,
        'version', next_, 'before', was, 'by', p ->> 'by', 'by_program', true, 'reason', p ->> 'reason')::text, true);
    insert into billing_audit.models
        (version, hash, data, seed, metrics, gates, status, body, bytes, trained_by, promoted_at, promoted_by)
    values (next_, hash_, p -> 'data', (p ->> 'seed')::bigint, p -> 'metrics', p -> 'gates', p ->> 'status', body_,
        octet_length(body_), p ->> 'by', case when p ->> 'status' = 'champion' then now_ end,
        case when p ->> 'status' = 'champion' then p ->> 'by' end)
    returning * into made;
    perform billing_audit.prune_models();
    return jsonb_build_object('model', billing_audit.model_json(made), 'is_new', true);
end
$$;

-- p: known (the hash of the model that the caller has, or null). Gives {model, body}: the champion, or nulls where there is
-- none; body is null when the caller has it already.
create function public.billing_audit_champion_model(p jsonb) returns jsonb
language sql stable security definer
set search_path = ''
as $$
    select coalesce(
        (select jsonb_build_object('model', billing_audit.model_json(m),
            'body', case when m.hash is distinct from p ->> 'known' then m.body end)
         from billing_audit.models as m where m.status = 'champion'),
        '{"model": null, "body": null}')
$$;

-- p: limit (50 at most, 20 without). Gives {models}, the newest first.
create function public.billing_audit_models(p jsonb) returns jsonb
language sql stable security definer
set search_path = ''
as $$
    select jsonb_build_object('models', coalesce(jsonb_agg(billing_audit.model_json(found) order by found.version desc), '[]'))
    from (select * from billing_audit.models order by version desc
        limit least(greatest(coalesce((p ->> 'limit')::integer, 20), 1), 50)) as found
$$;

-- Only an administrator moves models. The second factor is asked by the functions themselves.
create function billing_audit.demand_administrator(name text, role text, what text) returns void
language plpgsql immutable
set search_path = ''
as $$
begin
    if name is null then
        raise exception using errcode = 'BA005', message = format('Nobody is signed in, so nothing was %s.', what),
            hint = 'Sign in as an administrator, then try again.';
    elsif role is distinct from 'admin' then
        raise exception using errcode = 'BA005',
            message = format('%s may look, but not decide about models: that takes an administrator. Nothing was %s.', name, what),
            hint = 'Ask an administrator.';
    end if;
end
$$;

-- p: by and role (from the service alone). Says no unless an administrator asks: a training may put another model in force.
-- Gives {asked_by}.
create function public.billing_audit_allow_training(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    who record := billing_audit.caller(p);
begin
    perform billing_audit.demand_administrator(who.name, who.role, 'trained');
    perform billing_audit.demand_second_factor();
    return jsonb_build_object('asked_by', who.name);
end
$$;

-- p: version, reason, by and role (from the service alone). Puts a model in force that is kept, whatever the gates said: a
-- person decides, and the trail says so: as an act that weakens, where a gate had failed. Gives {model}.
create function public.billing_audit_promote_model(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    who    record := billing_audit.caller(p);
    now_   timestamptz := billing_audit.clock();
    was    bigint;
    model  billing_audit.models;
begin
    perform billing_audit.demand_administrator(who.name, who.role, 'put in force');
    perform billing_audit.demand_second_factor();
    perform billing_audit.require(p, 'version');
    perform billing_audit.lock_models();
    select * into model from billing_audit.models where version = (p ->> 'version')::bigint;
    if model.version is null or model.body is null then
        raise exception using errcode = 'BA006',
            message = case when model.version is null then format('There is no model %s.', p ->> 'version')
                else format('Model %s is no longer kept; its row is.', model.version) end,
            hint = 'Choose one of the models that are still kept, or train again.';
    elsif model.status = 'champion' then
        return jsonb_build_object('model', billing_audit.model_json(model));
    end if;
    was := billing_audit.retire_champion(now_);
    perform set_config('billing_audit.model_act', jsonb_build_object('kind', 'model_promoted', 'version', model.version,
        'before', was, 'by', who.name, 'reason', left(btrim(coalesce(p ->> 'reason', '')), 2000), 'failed', (
            -- "risk" is no gate: it tells why such a model leaves the risk score to rule points, and takes nothing away.
            select left(string_agg(g.gate ->> 'because', ' ' order by g.place), 2000)
            from jsonb_array_elements(model.gates) with ordinality as g (gate, place)
            where not (g.gate ->> 'passed')::boolean and g.gate ->> 'name' <> 'risk'))::text, true);
    update billing_audit.models set status = 'champion', promoted_at = now_, promoted_by = who.name, retired_at = null
    where version = model.version returning * into model;
    return jsonb_build_object('model', billing_audit.model_json(model));
end
$$;

-- p: version (the model that the caller means; left out: whichever is in force), reason, by and role (from the service alone).
-- Takes the champion back: the one that was in force before it is in force again, or none where there was none, or it is no
-- longer kept; then rule points stand alone. One act. Gives {model, before}.
create function public.billing_audit_roll_back_model(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    who      record := billing_audit.caller(p);
    now_     timestamptz := billing_audit.clock();
    champion billing_audit.models;
    former   billing_audit.models;
    reason_  text := left(btrim(coalesce(p ->> 'reason', '')), 2000);
begin
    perform billing_audit.demand_administrator(who.name, who.role, 'taken back');
    perform billing_audit.demand_second_factor();
    perform billing_audit.lock_models();
    select * into champion from billing_audit.models where status = 'champion';
    if champion.version is null then
        raise exception using errcode = 'BA006', message = 'No model is in force, so none was taken back.',
            hint = 'Load the page again.';
    elsif (p ->> 'version')::bigint <> champion.version then
        raise exception using errcode = 'BA017',
            message = format('Model %s is in force by now, not model %s, so none was taken back.', champion.version, p ->> 'version'),
            hint = 'Load the page again, and look whether you still want to.';
    end if;
    -- Not the one that was taken back last: each roll-back goes one further.
    select * into former from billing_audit.models
    where status = 'retired' and body is not null and promoted_at < champion.promoted_at
    order by promoted_at desc limit 1;
    if former.version is not null then
        perform billing_audit.retire_champion(now_);
    end if;
    perform set_config('billing_audit.model_act', jsonb_build_object('kind', 'model_rolled_back', 'version', former.version,
        'before', champion.version, 'by', who.name, 'reason', reason_)::text, true);
    if former.version is null then
        update billing_audit.models set status = 'retired', retired_at = now_ where version = champion.version;
    else
        update billing_audit.models set status = 'champion', retired_at = null where version = former.version
        returning * into former;
    end if;
    return jsonb_build_object('before', champion.version,
        'model', case when former.version is not null then billing_audit.model_json(former) end);
end
$$;

call billing_audit.protect_table('billing_audit.models');
grant select, insert on billing_audit.models to billing_audit_owner;
-- What it is and what it learned from is in no list: not even our own functions can alter it, and none can delete.
grant update (status, body, promoted_at, promoted_by, retired_at) on billing_audit.models to billing_audit_owner;
call billing_audit.keep_private('billing_audit.model_json(billing_audit.models)');
call billing_audit.keep_private('billing_audit.hash_of_model_body()');
call billing_audit.keep_private('billing_audit.act_of_models()');
call billing_audit.keep_private('billing_audit.lock_models()');
call billing_audit.keep_private('billing_audit.retire_champion(timestamptz)');
call billing_audit.keep_private('billing_audit.prune_models()');
call billing_audit.keep_private('billing_audit.demand_administrator(text, text, text)');
call billing_audit.offer_to_service('public.billing_audit_put_model(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_allow_training(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_champion_model(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_models(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_promote_model(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_roll_back_model(jsonb)');
grant execute on function public.billing_audit_promote_model(jsonb) to authenticated;
grant execute on function public.billing_audit_roll_back_model(jsonb) to authenticated;
