import { cell, event, observation, row, step } from '../../../store/examples';
import { callback, p, raise, raised, webhook, type RpcCase } from './case';

/** Made in every store before the cases run: they raise, hide, break and grow. */
export const TEST_FUNCTIONS = `
  create function public.billing_audit_raise(p jsonb) returns jsonb language plpgsql as $$
  begin
    if p ? 'detail' then
      raise exception using errcode = p ->> 'errcode', message = p ->> 'message', detail = p ->> 'detail', hint = p ->> 'hint';
    end if;
    raise exception using errcode = p ->> 'errcode', message = 'said', hint = 'do this';
  end $$;
  create function public.billing_audit_echo(p jsonb) returns jsonb language sql as $$ select p $$;
  create function public.billing_audit_hidden(p jsonb) returns jsonb language sql as $$ select p $$;
  create function public.billing_audit_broken(p jsonb) returns jsonb language plpgsql as $$
    begin perform public.not_there(p); return p; end $$;
  create function public.billing_audit_large(p jsonb) returns jsonb language sql as $$
    select jsonb_build_object('text', repeat('x', (p ->> 'size')::integer)) $$;
  create function public.other_function(p jsonb) returns jsonb language sql as $$ select p $$;
  revoke all on function public.billing_audit_hidden(jsonb) from public;
`;

const quantity = cell('12', step('10', '09:00:00'), step('12', '09:01:00'));
const changed = '7:21:12:1';

/** What an n8n node does with the store: from a callback to the trail. */
export const STORY: readonly RpcCase[] = [
  { name: 'a webhook is saved', to: 'billing_audit_save_webhook', body: p(webhook), status: 200 },
  { name: 'a webhook is read', to: 'billing_audit_webhooks', body: p({ sealed_with: 'store_key' }), status: 200 },
  { name: 'a callback is accepted', to: 'billing_audit_accept_callback', body: p(callback), status: 200 },
  { name: 'the same callback again', to: 'billing_audit_accept_callback', body: p(callback), status: 200 },
  {
    name: 'a callback of an unknown webhook',
    to: 'billing_audit_accept_callback',
    body: p({ ...callback, webhook_id: '12' }),
    status: 400,
    code: 'BA002',
  },
  {
    name: 'callbacks are leased',
    to: 'billing_audit_lease_callbacks',
    body: p({ limit: 10, lease_seconds: 60 }),
    status: 200,
  },
  {
    name: 'an observation is resolved',
    to: 'billing_audit_resolve',
    body: p({ ...observation('09:10:00', { rows: [row('21', 1, quantity)] }), callback_ids: ['1'] }),
    status: 200,
  },
  {
    name: 'changes are leased',
    to: 'billing_audit_lease_changes',
    body: p({ sheet_ids: 'all', limit: 10, lease_seconds: 60 }),
    status: 200,
  },
  { name: 'an event is appended', to: 'billing_audit_append', body: p({ events: [event(changed)] }), status: 200 },
  { name: 'the same event again', to: 'billing_audit_append', body: p({ events: [event(changed)] }), status: 200 },
  { name: 'events are searched', to: 'billing_audit_search', body: p({ limit: 5 }), status: 200 },
  { name: 'counts are read', body: p({}), status: 200 },
  {
    name: 'facts about a person are read',
    to: 'billing_audit_person_facts',
    body: p({ requests: [{ person: 'clerk@example.com', at: '2026-02-03T18:00:00.000Z', within_minutes: 5 }] }),
    status: 200,
  },
  {
    name: 'a job is asked for',
    to: 'billing_audit_request_job',
    body: p({ kind: 'backup', parameters: {}, asked_by: 'n8n', request_key: 'a' }),
    status: 200,
  },
  { name: 'a job is read', to: 'billing_audit_job', body: p({ job_id: '1' }), status: 200 },
  { name: 'alerts are read', to: 'billing_audit_alerts', body: p({ limit: 5 }), status: 200 },
  {
    name: 'a call that lacks something',
    to: 'billing_audit_append',
    body: p({}),
    status: 400,
    code: 'BA001',
  },
];

export const STATES: readonly RpcCase[] = [
  raised('P0001', 400),
  raised('BA001', 400),
  raised('22012', 400),
  raised('23502', 400),
  raised('23503', 409),
  raised('23505', 409),
  raised('25006', 405),
  raised('28000', 403),
  raised('0L000', 403),
  raised('40P01', 500),
  raised('42501', 403),
  raised('42P01', 404),
  raised('42P17', 400),
  raised('54000', 413),
  raised('55P03', 500),
  raised('57014', 500),
  raised('57P01', 503),
  raised('08006', 503),
  raised('HV000', 500),
  raised('P0002', 500),
  raised('XX000', 500),
  raised('PT402', 402),
  raised('PT429', 429),
  {
    ...raised('PT999', 999),
    ours: { because: 'There is no such status, and clients stumble over it.', status: 500 },
  },
  {
    name: 'details and a hint',
    ...raise('P0001', { message: 'what', detail: 'where', hint: 'what to do' }),
    status: 400,
    code: 'P0001',
  },
  {
    name: 'a function that calls one that is not there',
    to: 'billing_audit_broken',
    status: 404,
    code: '42883',
  },
];
