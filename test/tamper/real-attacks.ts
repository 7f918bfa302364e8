import type { Signer, StoredEvent } from '../../lib/seal';
import { KINDS, type Dice, type Kind } from './attacks';
import { SQL_ATTACKS } from './sql-attacks';
import type { Superuser } from './superuser';

/** `careful`: chain, leaves and book-keeping are made to fit again; with the key the heads are signed anew. */
export interface RealAttack {
  readonly kind: Kind;
  readonly careful: boolean;
  readonly signer: Signer | null;
}

/** Those that only alter what is there: what follows can be made to fit without numbering anew. */
const CAREFUL: readonly Kind[] = ['edit', 'edit values', 'swap', 'clock rollback'];
export const REAL_ATTACKS = KINDS.flatMap((kind) =>
  CAREFUL.includes(kind)
    ? [
        { kind, careful: false },
        { kind, careful: true },
      ]
    : [{ kind, careful: false }],
);

/** Chain, leaves and heads of a stream as they would be, had its columns always been as they are. */
const rehash = (stream: string): string => `
  do $$ declare e billing_audit.audit_events; h bytea := billing_audit.genesis('${stream}'); begin
    update billing_audit.event_payloads as d set changed_at = a.changed_at, event_key = a.event_key, recorded_at = a.recorded_at
      from billing_audit.audit_events as a where a.stream = '${stream}' and d.stream = a.stream and d.seq = a.seq;
    update billing_audit.audit_events as a set commitment = billing_audit.commit_to(d.salt, d.payload)
      from billing_audit.event_payloads as d where a.stream = '${stream}' and d.stream = a.stream and d.seq = a.seq;
    -- By negative numbers first: two keys cannot have one number in between.
    update billing_audit.event_keys as k set seq = -a.seq, recorded_at = a.recorded_at
      from billing_audit.audit_events as a where a.stream = '${stream}' and k.event_key = a.event_key;
    update billing_audit.event_keys set seq = -seq where stream = '${stream}' and seq < 0;
    for e in select * from billing_audit.audit_events where stream = '${stream}' order by seq loop
      update billing_audit.audit_events as a set previous_hash = h, preimage = billing_audit.event_preimage(e),
        hash = sha256(h || convert_to(billing_audit.event_preimage(e), 'UTF8')) where a.stream = e.stream and a.seq = e.seq
      returning a.hash into h;
    end loop;
    update billing_audit.streams set head = h where stream = '${stream}';
    update billing_audit.tree_leaves as l set hash = a.hash from billing_audit.audit_events as a
      where a.stream = l.stream and a.seq = l.seq and a.stream = '${stream}';
    update billing_audit.sealed_streams as s set hash = a.hash from billing_audit.audit_events as a
      where a.stream = s.stream and a.seq = s.seq and s.stream = '${stream}';
  end $$`;

/** All that is from an event on is gone, and nothing points to it any more. Without the key the tree ends at a head. */
const cut = (stream: string, seq: number, withKey: boolean): string => `
  create temp table gone on commit drop as select stream, seq, event_key from billing_audit.audit_events
    where position >= (select position from billing_audit.audit_events where stream = '${stream}' and seq = ${seq});
  delete from billing_audit.event_payloads where (stream, seq) in (select stream, seq from gone);
  delete from billing_audit.event_keys where event_key in (select event_key from gone);
  delete from billing_audit.audit_events where (stream, seq) in (select stream, seq from gone);
  delete from billing_audit.tree_leaves where (stream, seq) in (select stream, seq from gone);
  delete from billing_audit.checkpoints where tree_size > (select count(*) from billing_audit.tree_leaves);
  ${withKey ? '' : 'delete from billing_audit.tree_leaves where leaf_index >= coalesce((select max(tree_size) from billing_audit.checkpoints), 0);'}
  delete from billing_audit.sealed_streams;
  insert into billing_audit.sealed_streams (stream, seq, hash)
    select distinct on (stream) stream, seq, hash from billing_audit.tree_leaves order by stream, seq desc;
  delete from billing_audit.streams where stream not in (select stream from billing_audit.audit_events);
  update billing_audit.streams as s set seq = a.seq, head = a.hash from (
    select distinct on (stream) stream, seq, hash from billing_audit.audit_events order by stream, seq desc) as a
  where a.stream = s.stream`;

/**
 * Alters a real store at an event, as a superuser can.
 * @param last  the number of the last event of its chain
 * @returns false where this attack has nothing to work on
 */
export async function attackStore(
  superuser: Superuser,
  { stream, seq }: Pick<StoredEvent, 'stream' | 'seq'>,
  { kind, careful, signer }: RealAttack,
  { last, dice }: { readonly last: number; readonly dice: Dice },
): Promise<boolean> {
  if (kind === 'swap' && seq === last) return false;
  if (kind === 'tail cut' || kind === 'forked copy') {
    await superuser.run(cut(stream, seq, signer !== null));
    if (kind === 'forked copy') await superuser.run(appended(stream, dice));
    await superuser.fitTree(signer);
    return true;
  }
  const sheet = stream.replace(/^sheet:/, '');
  await superuser.run(SQL_ATTACKS[kind](sheet, seq, last));
  if (careful) await superuser.run(rehash(stream));
  if (careful || kind === 'rewrite') await superuser.fitTree(signer);
  return true;
}

/** Another history goes on where the true one was cut: by the store's own function, so that its chain holds. */
const appended = (stream: string, dice: Dice): string => `
  select public.billing_audit_append(jsonb_build_object('events', jsonb_build_array(
    billing_audit.event_json(e, d.payload) || jsonb_build_object('event_key', 'forged:${dice(1e9)}', 'timestamp', null,
      'sheet_id', '${stream.replace(/^sheet:/, '')}'))))
  from billing_audit.audit_events as e join billing_audit.event_payloads as d using (stream, seq) order by e.position limit 1`;
