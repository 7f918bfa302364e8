import { receive, type Params } from '../../lib/define';
import type { Ports } from '../../lib/ports';
import type { Judgement } from '../../lib/store/overview';
import type { auditMetricsFields } from './fields';
import { judgementQuestion } from './questions';
import type { Row } from './wires';
import { judgementInWords } from './words';

type Lent = Pick<Ports, 'store' | 'settings'>;
export type JudgementRow = NonNullable<Row['judgement']>;

/**
 * Records whether an event was a real problem. Only ids, words and the choice come from the browser; who says it comes
 * from the fields, and the store decides.
 * @throws WrongMessageType  when the message is no judgement
 * @throws StoreRefused      BA005 nobody, without the right, or about one's own change; BA006 no such event
 */
export async function judge(
  input: unknown,
  { by, role }: Pick<Params<typeof auditMetricsFields>, 'by' | 'role'>,
  { store, settings }: Lent,
): Promise<JudgementRow> {
  const { note, incident, category, ...said } = receive(judgementQuestion, input);
  const also = Object.entries({ note, incident, category }).filter(([, value]) => value !== undefined && value !== '');
  return judgementInWords(await store.judge({ ...said, ...Object.fromEntries(also), by, role }), settings);
}

/** The last judgement of each of these events that has one, in words. */
export async function judgementsOf(
  events: readonly { readonly event_key: string }[],
  { store, settings }: Lent,
): Promise<ReadonlyMap<string, JudgementRow>> {
  if (events.length === 0) return new Map();
  const said: readonly Judgement[] = await store.judgements(events.map(({ event_key }) => event_key));
  return new Map(said.map((each) => [each.event_key, judgementInWords(each, settings)]));
}
