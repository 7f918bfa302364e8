-- What is done for each change looks things up by index, whatever the planner believes of the size of a table.
--
-- A plan that is kept (of a statement in a function, or of the check of a foreign key) is made once, for the size that the
-- table has then. A table of one page that was analysed is cheapest read whole, and that plan lives on while the table
-- grows, until the table's next ANALYZE: within one transaction to its end, and in the embedded store, where nothing
-- analyses by itself, for hundreds of commits. Each cell that was written then read all rows of all sheets for its foreign
-- key: 50 million for 3,000 new rows. Neither newer statistics nor plans made anew for each call help within a transaction.
--
-- No statement of these functions has a reason to read a growing table whole, so they are told not to. That holds for what
-- they call and for the checks of foreign keys too. Where there is no index a table is still read whole, at a cost that
-- must not make the planner compile the statement: hence jit. A function that is replaced must be told again.
do $$
declare
    signature text;
begin
    foreach signature in array array[
        'accept_callback(jsonb)', 'accept_callbacks(jsonb)', 'accept_bodies(jsonb, bytea)', 'lease_callbacks(jsonb)',
        'renew_callbacks(jsonb)', 'release_callbacks(jsonb)', 'fail_callbacks(jsonb)', 'sheet(jsonb)', 'known_rows(jsonb)',
        'resolve(jsonb)', 'unexplained(jsonb)', 'lease_changes(jsonb)', 'release_changes(jsonb)', 'append(jsonb)',
        'person_facts(jsonb)', 'approvals(jsonb)', 'undecided_events(jsonb)', 'raise_alert(jsonb)', 'raise_notice(jsonb)']
    loop
        execute format('alter function public.billing_audit_%s set enable_seqscan = off set jit = off', signature);
    end loop;
end
$$;
