import { z } from 'zod';
import { ACTOR_NAMES, actorNamed, type ActorName } from '../office/actors';
import { ControlRefusal } from '../errors';
import { SmartsheetRefusal } from '../errors';
import { contentToWrite, type CellToWrite } from '../office/values';
import type { Cells } from '../office/office';
import { SOURCES, type Column, type Row, type SaveBy, type Source } from '../office/types';
import type { Request } from '../http/router';
import type { Sheet } from '../office/sheet';
import type { World } from '../world';

/** Ids come as numbers or as decimal strings; both mean the same. */
export const idSchema = z.union([
  z.int().positive(),
  z
    .string()
    .regex(/^\d{1,16}$/)
    .transform(Number),
]);
export const valueSchema = z.union([z.string(), z.number(), z.boolean(), z.null()]);
/** Column title or id -> value. */
export const cellsSchema = z.record(z.string(), valueSchema);

/** Who did it (an e-mail address, made known when new, or a system actor), when (default: now), and from where. */
export const bySchema = {
  by: z.email().default('counter@example.com'),
  actor: z.enum(ACTOR_NAMES).optional(),
  at: z.iso.datetime({ offset: true }).optional(),
  source: z.enum(SOURCES).optional(),
  ip: z.union([z.ipv4(), z.ipv6()]).optional(),
};

/** The part of a body that `bySchema` takes. */
export interface Deedful {
  readonly by: string;
  readonly actor?: ActorName | undefined;
  readonly at?: string | undefined;
  readonly source?: Source | undefined;
  readonly ip?: string | undefined;
}

/** One request to the control interface, with what its handlers ask of it. Every method throws ControlRefusal. */
export class Visit {
  constructor(
    readonly request: Request,
    readonly world: World,
  ) {}

  /** The JSON body in the form that `schema` names; an empty body is `{}`. */
  body<Schema extends z.ZodType>(schema: Schema): z.output<Schema> {
    const text = this.request.body.toString('utf8');
    const parsed = schema.safeParse(text.trim() === '' ? {} : parseJson(text));
    if (parsed.success) return parsed.data;
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`);
    throw new ControlRefusal(
      `The body is not as expected: ${problems.join('; ')}.`,
      'See docs/sandbox.md for the form of each request.',
    );
  }

  sheet(id: number): Sheet {
    const sheet = this.world.office.sheets.get(id);
    if (sheet === undefined)
      throw new ControlRefusal(`There is no sheet ${id}.`, 'GET /sandbox/state lists the sheets.', 404);
    return sheet;
  }

  /** @throws ControlRefusal 404 */
  row(sheet: Sheet, rowId: number): Row {
    const row = sheet.row(rowId);
    if (row !== undefined) return row;
    throw new ControlRefusal(`Sheet "${sheet.name}" has no row ${rowId}.`, 'Read the sheet again.', 404);
  }

  saveBy({ by, actor, at, source, ip }: Deedful): SaveBy {
    const now = this.world.clock.now();
    const time = at === undefined ? now : Date.parse(at);
    if (time > now)
      throw new ControlRefusal(`${at} is later than the sandbox's clock.`, 'POST /sandbox/clock moves it on.');
    const writer = actor === undefined ? this.world.office.people.writerWithEmail(by) : actorNamed(actor);
    return {
      userId: writer.id,
      at: time,
      ...(source === undefined ? {} : { source }),
      ...(ip === undefined ? {} : { ipAddress: ip }),
    };
  }

  /** Cells named by column title or id, checked against the column types. */
  cells(sheet: Sheet, cells: Readonly<Record<string, string | number | boolean | null>>): Cells {
    return new Map(
      Object.entries(cells).map(([name, value]) => {
        const column = this.column(sheet, name);
        return [column.id, checked(column, { columnId: column.id, value })];
      }),
    );
  }

  column(sheet: Sheet, name: string): Column {
    const column = sheet.columnTitled(name) ?? (/^\d{1,16}$/.test(name) ? sheet.column(Number(name)) : undefined);
    if (column !== undefined) return column;
    const titles = sheet.columns.map(({ title }) => title).join(', ');
    throw new ControlRefusal(`Sheet "${sheet.name}" has no column "${name}".`, `Its columns are: ${titles}.`, 404);
  }

  /** The id that a path names. */
  id(name: string): number {
    const text = this.request.parameters[name] ?? '';
    if (!/^\d{1,16}$/.test(text)) throw new ControlRefusal(`"${text}" is not an id.`, 'Ids are whole numbers.');
    return Number(text);
  }
}

function checked(column: Column, cell: CellToWrite): ReturnType<typeof contentToWrite> {
  try {
    return contentToWrite(column, cell);
  } catch (thrown) {
    if (!(thrown instanceof SmartsheetRefusal)) throw thrown;
    throw new ControlRefusal(thrown.message, `Give a value that a column of type ${column.type} takes.`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ControlRefusal(
      `The body is not JSON: ${String(cause)}.`,
      'Send a JSON object with Content-Type: application/json.',
    );
  }
}
