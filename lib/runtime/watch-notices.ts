import { z } from 'zod';
import type { Now } from '../ports';
import type { Store, StoreDriver } from '../store/store';
import { OUR_OWN_SHEET } from '../weakening';
import type { TroubleTeller, WatchTrouble } from './sheet-troubles';
import { beginning, ending, endingUnwatched } from './trouble-words';
import type { TroubleKind } from './troubles';

interface NoticesParts {
  readonly driver: Pick<StoreDriver, 'rpc'>;
  readonly store: Pick<Store, 'sheet'>;
  readonly now: Now;
  /** Business time, as an IANA name; asked for each time, since settings come with the nodes. */
  readonly timeZone: () => string;
  /** A mail waits now. */
  readonly onRaised: () => void;
}

const openSchema = z.object({
  troubles: z.array(z.object({ kind: z.string(), sheet_id: z.string(), title: z.string(), began_at: z.string() })),
});
type OpenTrouble = z.infer<typeof openSchema>['troubles'][number];
const raisedSchema = z.object({ raised: z.number(), began_at: z.string() });
const endedSchema = z.object({ ended: z.boolean(), raised: z.number() });

/**
 * Tells people of failures of the watch that leave no event. What lasts is kept in the store, together with the notice:
 * neither a repetition nor a restart tells anybody twice, and one that ended while nobody ran is ended by the next start.
 */
export class WatchNotices implements TroubleTeller {
  /** What lasts, as far as this process knows: most sheets are well, and their looks must not cost a call each. */
  private lasting: Map<string, OpenTrouble> | null = null;

  constructor(private readonly parts: NoticesParts) {}

  async begin(trouble: WatchTrouble): Promise<void> {
    const { driver, timeZone, now } = this.parts;
    const lasting = await this.lastingOnes();
    const notice = beginning(trouble, await this.nameOf(trouble.sheetId), timeZone());
    const answer = await driver.rpc('billing_audit_begin_watch_trouble', {
      kind: trouble.kind,
      sheet_id: trouble.sheetId,
      ...notice,
      began_at: new Date(trouble.since).toISOString(),
      at: new Date(now()).toISOString(),
    });
    const { raised, began_at } = raisedSchema.parse(answer);
    const key = keyOf(trouble.kind, trouble.sheetId);
    const { kind, sheetId: sheet_id } = trouble;
    lasting.set(key, { kind, sheet_id, title: lasting.get(key)?.title ?? notice.title, began_at });
    if (raised > 0) this.parts.onRaised();
  }

  async end(kind: TroubleKind, sheetId: string): Promise<boolean> {
    const { timeZone, now } = this.parts;
    const trouble = (await this.lastingOnes()).get(keyOf(kind, sheetId));
    if (!trouble) return true;
    const at = new Date(now()).toISOString();
    return this.close(trouble, at, ending(kind, await this.nameOf(sheetId), { ...trouble, ended_at: at }, timeZone()));
  }

  async troubledSheets(): Promise<readonly string[]> {
    const sheetIds = [...(await this.lastingOnes()).values()].map(({ sheet_id }) => sheet_id);
    // That of the audit sheet is begun and ended by who writes it.
    return [...new Set(sheetIds)].filter((id) => id !== OUR_OWN_SHEET);
  }

  async endUnwatched(sheetId: string): Promise<void> {
    const { timeZone, now } = this.parts;
    for (const trouble of [...(await this.lastingOnes()).values()].filter(({ sheet_id }) => sheet_id === sheetId)) {
      const notice = endingUnwatched(await this.nameOf(sheetId), trouble, timeZone());
      await this.close(trouble, new Date(now()).toISOString(), notice);
    }
  }

  private async close(
    { kind, sheet_id }: OpenTrouble,
    at: string,
    notice: { readonly title: string; readonly text: string },
  ): Promise<boolean> {
    const answer = await this.parts.driver.rpc('billing_audit_end_watch_trouble', { kind, sheet_id, ...notice, at });
    const { ended, raised } = endedSchema.parse(answer);
    if (ended) this.lasting?.delete(keyOf(kind, sheet_id));
    if (raised > 0) this.parts.onRaised();
    return ended;
  }

  private async lastingOnes(): Promise<NonNullable<typeof this.lasting>> {
    if (this.lasting) return this.lasting;
    const { troubles } = openSchema.parse(await this.parts.driver.rpc('billing_audit_watch_troubles', {}));
    // Two sheets may ask at the same time: the first answer stays.
    return (this.lasting ??= new Map(troubles.map((one) => [keyOf(one.kind, one.sheet_id), one])));
  }

  /** As people know it, and its id; a sheet that was never read has its id alone. */
  private async nameOf(sheetId: string): Promise<string> {
    const known = await this.parts.store.sheet(sheetId);
    return known?.name ? `"${known.name}" (${sheetId})` : sheetId;
  }
}

function keyOf(kind: string, sheetId: string): string {
  return `${kind} ${sheetId}`;
}
