-- What looks an event or its payload up by chain and number names the time of recording too, and so reads one partition and
-- not all. Nothing else changes in these functions, so they are not written out again: each is taken as it is, with its
-- settings, and the words that stand here are replaced. A function that does not have them stops the migration.
create temporary table lookups (words text, by_words text, signatures text[]);
insert into lookups values
    -- From an event to its payload.
    ('d on d.stream = e.stream and d.seq = e.seq', 'd on d.stream = e.stream and d.seq = e.seq and d.recorded_at = e.recorded_at',
        array['public.billing_audit_verify(jsonb)', 'public.billing_audit_archivable(jsonb)',
            'public.billing_audit_imported_lines(jsonb)', 'public.billing_audit_trail_lines(jsonb)',
            'public.billing_audit_origin_candidates(jsonb)', 'billing_audit.count_all_rollups()',
            'billing_audit.approve_afterwards(billing_audit.approvals, jsonb)']),
    ('coalesce(k.stream = e.stream and k.seq = e.seq, false)', 'coalesce(k.stream = e.stream and k.seq = e.seq and k.recorded_at = e.recorded_at, false)',
        array['public.billing_audit_verify(jsonb)', 'public.billing_audit_seal_events(jsonb)']),
    ('select * from billing_audit.event_payloads where stream = e.stream and seq = e.seq limit 1',
        'select * from billing_audit.event_payloads where stream = e.stream and seq = e.seq and recorded_at = e.recorded_at limit 1',
        array['public.billing_audit_seal_events(jsonb)']),
    ('where stream = (r.entry).stream and seq = (r.entry).seq limit 1',
        'where stream = (r.entry).stream and seq = (r.entry).seq and recorded_at = (r.entry).recorded_at limit 1',
        array['public.billing_audit_recent(jsonb)']),
    ('where stream = (o.entry).stream and seq = (o.entry).seq limit 1',
        'where stream = (o.entry).stream and seq = (o.entry).seq and recorded_at = (o.entry).recorded_at limit 1',
        array['public.billing_audit_needs_look(jsonb)']),
    ('join billing_audit.event_payloads as d on d.stream = e.stream and d.seq = e.seq', 'cross join lateral (
                select p.person from billing_audit.event_payloads as p
                where p.stream = e.stream and p.seq = e.seq and p.recorded_at = e.recorded_at limit 1) as d',
        array['billing_audit.overview_people(timestamptz, timestamptz, numeric)']),
    ('select stream, seq from billing_audit.audit_events', 'select stream, seq, recorded_at from billing_audit.audit_events',
        array['billing_audit.overview_people(timestamptz, timestamptz, numeric)']),
    ('select e.stream, e.seq, e.violation_type', 'select e.stream, e.seq, e.recorded_at, e.violation_type',
        array['billing_audit.overview_people(timestamptz, timestamptz, numeric)']),
    ('select person from billing_audit.event_payloads where stream = e.stream and seq = e.seq limit 1',
        'select person from billing_audit.event_payloads where stream = e.stream and seq = e.seq and recorded_at = e.recorded_at limit 1',
        array['billing_audit.overview_people(timestamptz, timestamptz, numeric)']),
    -- From a payload to its event.
    ('on e.stream = d.stream and e.seq = d.seq', 'on e.stream = d.stream and e.seq = d.seq and e.recorded_at = d.recorded_at',
        array['public.billing_audit_seal_heads(jsonb)',
            'billing_audit.typical_amount(text, text, timestamptz, timestamptz, text[])']),
    ('on a.stream = d.stream and a.seq = d.seq', 'on a.stream = d.stream and a.seq = d.seq and a.recorded_at = d.recorded_at',
        array['billing_audit.facts_of(text, timestamptz, interval)']),
    -- From the directory to both.
    ('e on e.stream = k.stream and e.seq = k.seq', 'e on e.stream = k.stream and e.seq = k.seq and e.recorded_at = k.recorded_at',
        array['billing_audit.act_of_feedback()', 'billing_audit.act_of_judgements()', 'billing_audit.confirmed_sittings()',
            'billing_audit.count_marks()', 'billing_audit.keep_findings(jsonb, timestamptz)',
            'public.billing_audit_event(jsonb)', 'public.billing_audit_raise_alert(jsonb)',
            'public.billing_audit_seal_heads(jsonb)']),
    ('d on d.stream = k.stream and d.seq = k.seq', 'd on d.stream = k.stream and d.seq = k.seq and d.recorded_at = k.recorded_at',
        array['billing_audit.judgement_of_feedback()', 'billing_audit.confirmed_sittings()',
            'billing_audit.keep_findings(jsonb, timestamptz)', 'public.billing_audit_event(jsonb)',
            'public.billing_audit_judge(jsonb)', 'public.billing_audit_list_feedback(jsonb)',
            'public.billing_audit_raise_alert(jsonb)']),
    ('s on s.stream = k.stream and s.seq = k.seq', 's on s.stream = k.stream and s.seq = k.seq and s.recorded_at = k.recorded_at',
        array['public.billing_audit_trail_lines(jsonb)']),
    ('e on e.stream = r.stream and e.seq = r.seq', 'e on e.stream = r.stream and e.seq = r.seq and e.recorded_at = r.recorded_at',
        array['billing_audit.queue_recorded()']),
    ('e on e.stream = f.stream and e.seq = f.seq', 'e on e.stream = f.stream and e.seq = f.seq and e.recorded_at = f.recorded_at',
        array['billing_audit.hand_to_audit_sheet()']),
    -- From what only knows chain and number: the event is looked for everywhere, its payload with the event.
    ('d on d.stream = a.stream and d.seq = a.seq', 'd on d.stream = e.stream and d.seq = e.seq and d.recorded_at = e.recorded_at',
        array['billing_audit.mail_content(billing_audit.alert_mails)', 'public.billing_audit_alerts(jsonb)']),
    ('d on d.stream = w.stream and d.seq = w.seq', 'd on d.stream = e.stream and d.seq = e.seq and d.recorded_at = e.recorded_at',
        array['public.billing_audit_lease_audit_rows(jsonb)']),
    ('d on d.stream = q.stream and d.seq = q.seq', 'd on d.stream = e.stream and d.seq = e.seq and d.recorded_at = e.recorded_at',
        array['public.billing_audit_undecided_events(jsonb)']),
    ('d on d.stream = g.stream and d.seq = g.seq', 'd on d.stream = e.stream and d.seq = e.seq and d.recorded_at = e.recorded_at',
        array['billing_audit.keep_sittings(text[], bigint[])']);

do $$
declare
    signature  regprocedure;
    rule       record;
    body       text;
begin
    for signature in select distinct f.signature::regprocedure from lookups as l, unnest(l.signatures) as f (signature) loop
        body := pg_get_functiondef(signature);
        for rule in select * from lookups as l where signature::oid in (select f::regprocedure::oid from unnest(l.signatures) as f) loop
            if strpos(body, rule.words) = 0 then
                raise exception '% does not say "%".', signature, rule.words;
            end if;
            body := replace(body, rule.words, rule.by_words);
        end loop;
        execute body;
    end loop;
end
$$;
drop table lookups;
