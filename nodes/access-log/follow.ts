import type { BegunBy, Status, Stop } from '../../lib/define';
import type { signIn } from '../../lib/access';
import { messageOf } from '../../lib/errors';
import type { Ports } from '../../lib/ports';
import { newEvents, type Asked } from './use';

type Lent = Pick<Ports, 'store' | 'nodeId' | 'credentials' | 'access' | 'sleep' | 'log'>;
type Host = BegunBy<{ signIn: typeof signIn }>;

const LOOK_MILLISECONDS = 2_000;
const PAGE = 500;
const OURS_ALONE: Status = { state: 'ok', text: 'dashboard and editor; no Smartsheet token' };

/**
 * Works while no message comes: has Event Reporting read, and gives each new event by itself. Outages do not end it.
 * @throws BadSetting  when the credential's address is none of Smartsheet's
 */
export async function follow(params: Asked, ports: Lent, host?: Host): Promise<Stop> {
  if (params.operation !== 'new') return () => Promise.resolve();
  const ending = new AbortController();
  const shown = { given: 0, reading: null as Status | null };
  const show = (): void => host?.show(statusOf(shown.given, shown.reading));
  const stopReading = await readSmartsheet(params, ports, (status) => {
    shown.reading = status;
    show();
  });
  const giving =
    params.live && host
      ? giveNew(params, ports, host, ending.signal, (count) => {
          shown.given += count;
          show();
        })
      : Promise.resolve();
  return async () => {
    ending.abort();
    await stopReading?.();
    await giving;
  };
}

async function readSmartsheet(
  { eventReporting, every }: Asked,
  { access, credentials }: Lent,
  show: (status: Status) => void,
): Promise<Stop | null> {
  if (!eventReporting || !access) return null;
  const { token = '', base = '' } = credentials['smartsheet'] ?? {};
  if (token.trim() === '') {
    show(OURS_ALONE);
    return null;
  }
  return access.follow({ smartsheet: { token: token.trim(), base }, pollSeconds: every ?? 60 }, show);
}

async function giveNew(
  params: Asked,
  ports: Lent,
  host: Host,
  signal: AbortSignal,
  onGiven: (count: number) => void,
): Promise<void> {
  let complaint = '';
  while (!signal.aborted) {
    // Before the first look too: the nodes behind this one are only being made.
    await ports.sleep(LOOK_MILLISECONDS, signal).catch(() => undefined);
    if (signal.aborted) return;
    try {
      const events = await newEvents(params, ports, PAGE);
      for (const event of events) host.send({ signIn: event });
      if (events.length > 0) onGiven(events.length);
      complaint = '';
    } catch (thrown) {
      const failure = messageOf(thrown);
      if (failure !== complaint) ports.log.warn(`The access log cannot be read: ${failure}`);
      complaint = failure;
      host.show({ state: 'error', text: failure });
    }
  }
}

/** What Smartsheet is not read for is said first: who looks at the node must not take silence for nothing. */
function statusOf(given: number, reading: Status | null): Status {
  if (reading === null) return { state: 'ok', text: `${given} given` };
  return given === 0 ? reading : { state: reading.state, text: `${reading.text}, ${given} given` };
}
