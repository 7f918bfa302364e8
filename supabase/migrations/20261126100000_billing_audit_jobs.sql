-- Jobs: what a host asks a server to do that it cannot do itself, because it takes files, threads or sockets: a backup,
-- a training, a workbook. Whoever holds the service key may ask; a server leases, reports, and ends the job with a result
-- or a reason. A lease that runs out gives the job back, so that a server's crash loses none.
--
-- Errors of this file: BA007 there is no such job    BA008 the lease is lost: another has the job, or it has ended.

create table billing_audit.jobs (
    id             bigint      generated always as identity primary key,
    kind           text        not null check (kind ~ '^[a-z][a-z0-9_]{0,49}$'),
    parameters     jsonb       not null check (jsonb_typeof(parameters) = 'object' and octet_length(parameters::text) <= 262144),
    request_key    text        unique check (length(request_key) between 1 and 200),
    asked_by       text        not null check (length(asked_by) between 1 and 200),
    asked_at       timestamptz not null default billing_audit.clock(),
    state          text        not null default 'waiting' check (state in ('waiting', 'leased', 'done', 'failed')),
    attempts       integer     not null default 0 check (attempts >= 0),
    leased_by      text        check (length(leased_by) between 1 and 200),
    leased_until   timestamptz,
    begun_at       timestamptz,
    progress       jsonb,
    result         jsonb,
    why            text,
    ended_at       timestamptz,
    check ((state = 'leased') = (leased_until is not null)),
    check ((state in ('done', 'failed')) = (ended_at is not null)),
    check ((state = 'done') = (result is not null))
);
comment on table billing_audit.jobs is 'Work that a host asks of a server. Kept: it says who asked for what, and what became of it.';
comment on column billing_audit.jobs.request_key is 'Chosen by who asks; asking twice with the same key is asking once.';
comment on column billing_audit.jobs.asked_by is 'A program, workflow or person, in the words of who asked. Never altered: no function holds the right to.';
comment on column billing_audit.jobs.progress is '{fraction (0..1, or null), text, at}: the last that the server said.';
comment on column billing_audit.jobs.why is 'Why it failed, or why the last try did.';
create index jobs_open on billing_audit.jobs (kind, id) where state in ('waiting', 'leased');

-- A job as it stands on wires.
create function billing_audit.job_json(j billing_audit.jobs) returns jsonb
language sql stable
set search_path = ''
as $$
    select jsonb_build_object(
        'job_id', j.id::text, 'kind', j.kind, 'parameters', j.parameters, 'request_key', j.request_key,
        'asked_by', j.asked_by, 'asked_at', billing_audit.instant(j.asked_at), 'state', j.state, 'attempts', j.attempts,
        'leased_by', j.leased_by, 'leased_until', billing_audit.instant(j.leased_until),
        'begun_at', billing_audit.instant(j.begun_at), 'progress', j.progress, 'result', j.result, 'why', j.why,
        'ended_at', billing_audit.instant(j.ended_at))
$$;

-- The job that a call names, locked. Its server may go on only while it holds the lease.
create function billing_audit.job_in_hand(p jsonb) returns billing_audit.jobs
language plpgsql
set search_path = ''
as $$
declare
    job billing_audit.jobs;
begin
    perform billing_audit.require(p, 'job_id', 'worker');
    select * into job from billing_audit.jobs where id = (p ->> 'job_id')::bigint for update;
    if job.id is null then
        raise exception using errcode = 'BA007',
            message = format('There is no job %s.', p ->> 'job_id'),
            hint = 'Ask for it with billing_audit_request_job, and use the job_id of the answer.';
    end if;
    -- A lease that ran out and that nobody else took is still one's own: the work is not thrown away.
    if job.state <> 'leased' or job.leased_by is distinct from p ->> 'worker' then
        raise exception using errcode = 'BA008',
            message = format('Job %s is not leased to %s: it is %s.', job.id, p ->> 'worker', job.state),
            hint = 'The lease ran out and another took the job, or it has ended. Drop what was made, or lease again.';
    end if;
    return job;
end
$$;

-- p: kind, parameters (an object), asked_by, request_key (optional). Gives {job, is_new}; asking again with the same
-- request_key gives the job that is there, whatever else is asked.
create function public.billing_audit_request_job(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    job billing_audit.jobs;
begin
    perform billing_audit.require(p, 'kind', 'parameters', 'asked_by');
    if p ->> 'kind' !~ '^[a-z][a-z0-9_]{0,49}$' or jsonb_typeof(p -> 'parameters') <> 'object'
        or octet_length(p ->> 'parameters') > 262144 or length(p ->> 'asked_by') not between 1 and 200
        or length(p ->> 'request_key') not between 1 and 200
    then
        raise exception using errcode = 'BA001',
            message = 'The job cannot be asked for like this.',
            hint = 'kind: small letters, digits and _, 50 at most. parameters: an object of 256 kB at most. '
                'asked_by and request_key: 1 to 200 characters.';
    end if;
    insert into billing_audit.jobs (kind, parameters, asked_by, request_key)
    values (p ->> 'kind', p -> 'parameters', p ->> 'asked_by', p ->> 'request_key')
    on conflict (request_key) do nothing
    returning * into job;
    if job.id is not null then
        return jsonb_build_object('job', billing_audit.job_json(job), 'is_new', true);
    end if;
    select * into job from billing_audit.jobs where request_key = p ->> 'request_key';
    return jsonb_build_object('job', billing_audit.job_json(job), 'is_new', false);
end
$$;

-- p: kinds (what the server can do), worker (its name, another for each process), lease_seconds. Hands out the oldest job
-- that waits or whose lease ran out, to this worker alone. One that was begun three times and never ended, for example
-- because it ends the process each time, has failed. Gives {job}, null when there is none.
create function public.billing_audit_lease_job(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    now_ timestamptz := billing_audit.clock();
    job  billing_audit.jobs;
begin
    perform billing_audit.require(p, 'kinds', 'worker', 'lease_seconds');
    if jsonb_typeof(p -> 'kinds') <> 'array' or length(p ->> 'worker') not between 1 and 200 then
        raise exception using errcode = 'BA001',
            message = 'No job can be leased like this.',
            hint = 'kinds: a list of what this server can do. worker: its name, 1 to 200 characters.';
    end if;
    update billing_audit.jobs
    set state = 'failed', leased_until = null, ended_at = now_,
        why = format('Begun %s times and never finished, last by %s.', attempts, leased_by)
    where id in (
        select id from billing_audit.jobs
        where state = 'leased' and leased_until <= now_ and attempts >= 3 for update skip locked);
    select * into job
    from billing_audit.jobs
    where kind = any (billing_audit.texts(p -> 'kinds'))
        and (state = 'waiting' or (state = 'leased' and leased_until <= now_))
    order by id
    limit 1
    for update skip locked;
    if job.id is null then
        return '{"job": null}';
    end if;
    update billing_audit.jobs
    set state = 'leased', attempts = attempts + 1, leased_by = p ->> 'worker', begun_at = now_, progress = null,
        leased_until = now_ + make_interval(secs => (p ->> 'lease_seconds')::double precision)
    where id = job.id
    returning * into job;
    return jsonb_build_object('job', billing_audit.job_json(job));
end
$$;

-- p: job_id, worker, lease_seconds, fraction (0..1, or null: nobody knows), text. Says how far a job is, and extends its
-- lease. Gives {}.
create function public.billing_audit_report_job(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    now_ timestamptz := billing_audit.clock();
    job  billing_audit.jobs;
begin
    perform billing_audit.require(p, 'lease_seconds', 'text');
    job := billing_audit.job_in_hand(p);
    if not (p ->> 'fraction')::numeric between 0 and 1 then
        raise exception using errcode = 'BA001',
            message = format('"fraction" is %s.', p ->> 'fraction'), hint = 'Give a number from 0 to 1, or null.';
    end if;
    update billing_audit.jobs
    set leased_until = now_ + make_interval(secs => (p ->> 'lease_seconds')::double precision),
        progress = jsonb_build_object(
            'fraction', (p ->> 'fraction')::numeric, 'text', left(p ->> 'text', 500), 'at', billing_audit.instant(now_))
    where id = job.id;
    return '{}';
end
$$;

-- p: job_id, worker, result (an object; what is large is left in a file and named). Gives {}.
create function public.billing_audit_finish_job(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    job billing_audit.jobs;
begin
    perform billing_audit.require(p, 'result');
    job := billing_audit.job_in_hand(p);
    update billing_audit.jobs
    set state = 'done', result = p -> 'result', why = null, leased_until = null, ended_at = billing_audit.clock()
    where id = job.id;
    return '{}';
end
$$;

-- p: job_id, worker, why, again (true: give it back for another try, of which there are three). Gives {state}.
create function public.billing_audit_fail_job(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    job   billing_audit.jobs;
    again boolean;
begin
    perform billing_audit.require(p, 'why');
    job := billing_audit.job_in_hand(p);
    again := coalesce((p ->> 'again')::boolean, false) and job.attempts < 3;
    update billing_audit.jobs
    set state = case when again then 'waiting' else 'failed' end, why = p ->> 'why', leased_until = null,
        ended_at = case when again then null else billing_audit.clock() end
    where id = job.id
    returning * into job;
    return jsonb_build_object('state', job.state);
end
$$;

-- p: job_id. Gives {job}, null when there is none.
create function public.billing_audit_job(p jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    job billing_audit.jobs;
begin
    perform billing_audit.require(p, 'job_id');
    select * into job from billing_audit.jobs where id = (p ->> 'job_id')::bigint;
    return jsonb_build_object('job', case when job.id is not null then billing_audit.job_json(job) end);
end
$$;

-- p: limit (200 at most), states (a list; absent = all), before (a job_id: the page behind it). Gives {jobs}, newest first.
create function public.billing_audit_jobs(p jsonb) returns jsonb
language sql security definer
set search_path = ''
as $$
    select jsonb_build_object('jobs', coalesce(jsonb_agg(billing_audit.job_json(found) order by found.id desc), '[]'))
    from (
        select * from billing_audit.jobs
        where (p -> 'states' is null or state = any (billing_audit.texts(p -> 'states')))
            and (p ->> 'before' is null or id < (p ->> 'before')::bigint)
        order by id desc
        limit least(greatest(coalesce((p ->> 'limit')::integer, 50), 1), 200)
    ) as found
$$;

call billing_audit.protect_table('billing_audit.jobs');
grant select, insert on billing_audit.jobs to billing_audit_owner;
-- Who asked for what, and when, is in no list: not even our own functions can alter it, and none can delete.
grant update (state, attempts, leased_by, leased_until, begun_at, progress, result, why, ended_at)
    on billing_audit.jobs to billing_audit_owner;
call billing_audit.keep_private('billing_audit.job_json(billing_audit.jobs)');
call billing_audit.keep_private('billing_audit.job_in_hand(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_request_job(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_lease_job(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_report_job(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_finish_job(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_fail_job(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_job(jsonb)');
call billing_audit.offer_to_service('public.billing_audit_jobs(jsonb)');
