import { z } from 'zod';
import { notFound, SmartsheetRefusal } from '../errors';
import type { AccessLevel, Column, Row, SaveBy, User } from '../office/types';
import type { Request } from '../http/router';
import type { Sheet } from '../office/sheet';
import type { World } from '../world';

/** An API request whose token was accepted, with what handlers ask of it. Every method throws SmartsheetRefusal. */
export class Call {
  constructor(
    readonly request: Request,
    readonly user: User,
    readonly world: World,
  ) {}

  get now(): number {
    return this.world.clock.now();
  }

  /** Who saves: the token's user, now, with the change agent of the header (at most 512 characters, cut in front). */
  get by(): SaveBy {
    const agent = this.request.headers['smartsheet-change-agent'];
    const changeAgent = agent?.slice(-512);
    const source = this.request.headers['smartsheet-integration-source'] ? 'API_INTEGRATED_APP' : 'API_UNDEFINED_APP';
    return { userId: this.user.id, at: this.now, source, ...(changeAgent === undefined ? {} : { changeAgent }) };
  }

  /** An id of the path. */
  id(name: string): number {
    const text = this.request.parameters[name] ?? '';
    if (!/^\d{1,16}$/.test(text))
      throw new SmartsheetRefusal(400, 1018, `The value '${text}' was not valid for the parameter ${name}.`);
    return Number(text);
  }

  /** The sheet of the path, when this user may do with it what is needed. A sheet one may not see is not found. */
  sheet(needed: AccessLevel = 'VIEWER'): Sheet {
    const sheet = this.world.office.sheets.get(this.id('sheetId'));
    if (sheet === undefined || !this.world.office.may(this.user.id, sheet, 'VIEWER')) throw notFound();
    if (!this.world.office.may(this.user.id, sheet, needed)) {
      throw new SmartsheetRefusal(403, 1004, 'You are not authorized to perform this action.');
    }
    return sheet;
  }

  row(sheet: Sheet): Row {
    const row = sheet.row(this.id('rowId'));
    if (row === undefined) throw notFound();
    return row;
  }

  column(sheet: Sheet): Column {
    const column = sheet.column(this.id('columnId'));
    if (column === undefined) throw notFound();
    return column;
  }

  /** A whole number of the query, or undefined. */
  number(name: string): number | undefined {
    const text = this.request.query.get(name);
    if (text === null || text === '') return undefined;
    if (!/^\d{1,16}$/.test(text)) throw badQuery(name, text);
    return Number(text);
  }

  /** The comma list of a query, or undefined when it is absent. */
  list(name: string): string[] | undefined {
    return this.request.query
      .get(name)
      ?.split(',')
      .map((word) => word.trim())
      .filter((word) => word !== '');
  }

  ids(name: string): number[] | undefined {
    return this.list(name)?.map((text) => {
      if (!/^\d{1,16}$/.test(text)) throw badQuery(name, text);
      return Number(text);
    });
  }

  flag(name: string): boolean {
    return this.request.query.get(name) === 'true';
  }

  includes(word: string): boolean {
    return this.list('include')?.some((each) => each.toLowerCase() === word.toLowerCase()) ?? false;
  }

  /** A moment of the query: ISO 8601 with an offset, or epoch milliseconds with `numericDates=true`. */
  moment(name: string): number | undefined {
    const text = this.request.query.get(name);
    if (text === null) return undefined;
    const time = /^\d+$/.test(text) && this.flag('numericDates') ? Number(text) : Date.parse(text.replace(' ', '+'));
    if (Number.isNaN(time)) throw badQuery(name, text);
    return time;
  }

  /**
   * The JSON body in the form that `schema` names.
   * @throws SmartsheetRefusal 1008 unreadable, 1012 an attribute is missing, 1032 one is not allowed, 1031 one is wrong
   */
  body<Schema extends z.ZodType>(schema: Schema): z.output<Schema> {
    const parsed = schema.safeParse(this.json(), { reportInput: true });
    if (parsed.success) return parsed.data;
    throw refusalFor(parsed.error.issues[0]);
  }

  json(): unknown {
    try {
      return JSON.parse(this.request.body.toString('utf8'));
    } catch (cause) {
      throw new SmartsheetRefusal(400, 1008, `Unable to parse request. The following error occurred: ${String(cause)}`);
    }
  }
}

/** `{message: "SUCCESS", resultCode: 0, ...}`, as every write answers. */
export function success(rest: object = {}): object {
  return { message: 'SUCCESS', resultCode: 0, ...rest };
}

function badQuery(name: string, text: string): SmartsheetRefusal {
  return new SmartsheetRefusal(400, 1018, `The value '${text}' was not valid for the parameter ${name}.`);
}

function refusalFor(issue: z.core.$ZodIssue | undefined): SmartsheetRefusal {
  const path = issue?.path.join('.') ?? '';
  if (issue?.code === 'unrecognized_keys') {
    return new SmartsheetRefusal(
      400,
      1032,
      `The attribute(s) ${issue.keys.join(', ')} are not allowed for this operation.`,
    );
  }
  if (issue?.code === 'invalid_type' && issue.input === undefined) {
    return new SmartsheetRefusal(400, 1012, `Required object attribute(s) are missing from your request: ${path}.`);
  }
  return new SmartsheetRefusal(
    400,
    1031,
    `The value of the attribute ${path || 'body'} is invalid: ${issue?.message ?? ''}.`,
  );
}
