import type { SheetRead } from '../../lib/smartsheet';
import type { Directory, DirectoryPerson } from '../../lib/store';
import { BadPeopleSheet, comparePeople, readPeopleSheet, sheetOfPeople } from '../../server/people';

const reading = { timeZone: 'America/Chicago', now: Date.parse('2026-02-03T18:00:00Z') };
const TITLES = ['E-mail', 'Name', 'Role', 'Access level', 'Supervisor', 'Department', 'Last review', 'Active'];
const NOTHING = {
  name: null,
  role: null,
  access_level: null,
  supervisor: null,
  department: null,
  last_review_at: null,
};

/** A sheet as the client gives it; a title may carry its type behind a bar. */
function sheetOf(titles: readonly string[], ...rows: readonly (readonly (string | null)[])[]): SheetRead {
  return {
    id: '4711',
    name: 'Who is who',
    version: 1,
    modifiedAt: null,
    columns: titles.map((title, index) => {
      const [name = '', type = 'TEXT_NUMBER'] = title.split('|');
      return { id: String(index), title: name, type };
    }),
    rows: rows.map((cells, row) => ({
      id: String(row),
      version: null,
      createdAt: null,
      createdBy: null,
      modifiedAt: null,
      modifiedBy: null,
      permalink: null,
      cells: cells.flatMap((value, index) =>
        value === null ? [] : [{ columnId: String(index), value, hasFormula: false }],
      ),
    })),
  };
}
const read = (sheet: SheetRead, known: readonly DirectoryPerson[] = []) => readPeopleSheet(sheet, known, reading);
function problemsOf(sheet: SheetRead): readonly string[] {
  try {
    read(sheet);
  } catch (thrown) {
    if (!(thrown instanceof BadPeopleSheet)) throw thrown;
    expect(thrown.message).toContain('"Who is who"');
    return thrown.problems.map(({ line, column, why, hint }) => `${line} ${column ?? '-'}: ${why}. ${hint}`);
  }
  throw new Error('The sheet was taken.');
}

describe('a sheet of people', () => {
  it('gives every person, whatever the order and spelling of the columns, and passes over empty rows', () => {
    const titles = [
      'DEPT',
      'Full  Name',
      'Access Level (1-10)',
      'Job title',
      'Email Address',
      'Notes',
      'Review date|DATE',
    ];
    const { people, absent, ignored, sheet } = read(
      sheetOf(
        titles,
        ['North', 'Ann Example', '3', 'Clerk', 'Ann@Example.com', 'likes tea', '2026-01-31'],
        [null, null, null, null, null, 'only a note', null],
        [null, null, null, null, 'bob@example.com', null, null],
      ),
    );
    expect(sheet).toEqual({ sheet_id: '4711', sheet_name: 'Who is who' });
    expect(people).toEqual([
      {
        email: 'ann@example.com',
        name: 'Ann Example',
        role: 'Clerk',
        access_level: 3,
        supervisor: null,
        department: 'North',
        last_review_at: '2026-01-31T06:00:00.000Z',
        active: true,
      },
      { ...NOTHING, email: 'bob@example.com', active: true },
    ]);
    expect([absent, ignored]).toEqual([['supervisor', 'active'], ['Notes']]);
  });

  it('takes a box that nobody ticked for no, and an empty text for yes', () => {
    const rows = [
      ['a@example.com', 'true'],
      ['b@example.com', 'false'],
      ['c@example.com', null],
    ] as const;
    expect(read(sheetOf(['Email', 'Active|CHECKBOX'], ...rows)).people.map(({ active }) => active)).toEqual([
      true,
      false,
      false,
    ]);
    expect(read(sheetOf(['Email', 'Active'], ['c@example.com', null])).people[0]).toMatchObject({ active: true });
  });

  it('keeps what is known of a column that the sheet does not have', () => {
    const known = { ...NOTHING, email: 'ann@example.com', access_level: 2, active: false, from_sheet: '4711' };
    const { people } = read(sheetOf(['Email', 'Name'], ['ann@example.com', 'Ann']), [known]);
    expect(people).toEqual([{ ...NOTHING, email: 'ann@example.com', name: 'Ann', access_level: 2, active: false }]);
  });

  it.each([
    [
      ['Acces Levle', 'Email'],
      /^0 access level: there is no such column, but "Acces Levle"\. If "Acces Levle" is meant, name it one of: access level,/,
    ],
    [['E-mial', 'Name'], /^0 e-mail: there is no such column, but "E-mial"\./],
    [
      ['Name', 'Phone'],
      /^0 e-mail: there is no such column among "Phone"\. Name the column of the addresses one of: e-mail, email,/,
    ],
    [['Email', 'E-mail'], /^0 e-mail: both "Email" and "E-mail" mean it\. Rename/],
    [['Email', 'Depatment'], /^0 department: there is no such column, but "Depatment"/],
  ])('with the columns %j says which is missing or doubled, and what was likely meant', (titles, told) => {
    expect(problemsOf(sheetOf(titles, ['a@example.com', 'b']))).toEqual([expect.stringMatching(told)]);
  });

  it('is refused as a whole, with the row and column of all that is wrong', () => {
    const problems = problemsOf(
      sheetOf(
        TITLES,
        ['a@example.com', null, null, '11', null, null, null, null],
        ['nobody', null, null, null, null, null, '31.1.2026', 'maybe'],
        ['A@example.com'],
        [null, 'No address'],
        ['e@example.com', null, null, null, null, null, '2026-03-01'],
      ),
    );
    expect(problems).toEqual([
      expect.stringMatching(/^1 access level: is "11"/),
      expect.stringMatching(/^2 e-mail: is "nobody"/),
      expect.stringMatching(/^2 last review: is "31\.1\.2026"/),
      expect.stringMatching(/^2 active: is "maybe"/),
      expect.stringMatching(/^3 e-mail: is "a@example\.com", as in row 1/),
      expect.stringMatching(/^4 e-mail: is empty/),
      expect.stringMatching(/^5 last review: .*still to come/),
    ]);
  });

  it('that names nobody is refused, so that nobody becomes inactive by a sheet that was emptied', () => {
    expect(problemsOf(sheetOf(TITLES))).toEqual([expect.stringMatching(/^0 -: no row names a person/)]);
  });
});

describe('the sheet that was named', () => {
  const listed = ['People', 'People of the north', 'people'].map((name, index) => ({
    id: String(index + 1),
    name,
    accessLevel: null,
    workspace: null,
  }));
  const client = {
    listSheets: ({ name = '' } = {}) =>
      Promise.resolve(listed.filter((each) => each.name.toLowerCase().includes(name.toLowerCase()))),
    wholeSheet: (id: string) => Promise.resolve({ ...sheetOf(TITLES), id }),
  };

  it('is found by its id, or by a name that one sheet has', async () => {
    expect(await sheetOfPeople(client, '99')).toMatchObject({ id: '99' });
    expect(await sheetOfPeople(client, ' people of the NORTH ')).toMatchObject({ id: '2' });
  });
  it.each([
    ['people', /as 2 sheets are called/, /1 \(People\), 3 \(people\)/],
    ['north', /no sheet is called so/, /2 \(People of the north\)/],
    ['', /is not named/, /its id or its whole name/],
  ])('%j is refused, with what could be meant', async (named, why, hint) => {
    await expect(sheetOfPeople(client, named)).rejects.toMatchObject({
      message: expect.stringMatching(why) as unknown,
      hint: expect.stringMatching(hint) as unknown,
    });
  });
});

describe('what taking people would change', () => {
  const sheet = { sheet_id: '4711', sheet_name: 'Who is who' };
  const known = (email: string, given: Partial<DirectoryPerson> = {}): DirectoryPerson => ({
    ...NOTHING,
    email,
    active: true,
    from_sheet: '4711',
    ...given,
  });
  const directory = (...people: DirectoryPerson[]): Directory => ({ people, source: null, mark: 'm' });
  const person = (email: string, given: object = {}) => ({ ...NOTHING, email, active: true, ...given });

  it('names who is added, changed and made inactive, with before and after, and nobody else', () => {
    const before = directory(
      known('a@example.com'),
      known('b@example.com'),
      known('c@example.com'),
      known('d@example.com', { from_sheet: null }),
    );
    const { changes } = comparePeople(
      before,
      [person('a@example.com', { access_level: 4 }), person('b@example.com'), person('new@example.com')],
      {
        by: 'admin',
        sheet,
      },
    );
    expect(changes.map(({ email, what }) => [email, what])).toEqual([
      ['a@example.com', 'changed'],
      ['new@example.com', 'added'],
      ['c@example.com', 'made inactive'],
    ]);
    expect(changes[0]?.fields).toEqual([{ name: 'access level', before: null, after: '4' }]);
  });

  it('leaves the line of whoever takes it as it was, and says so', () => {
    const before = directory(known('me@example.com', { access_level: 2 }));
    const given = [person('me@example.com', { access_level: 9 }), person('a@example.com')];
    const { changes, heldBack, people } = comparePeople(before, given, { by: 'Me@example.com', sheet });
    expect(changes.map(({ email }) => email)).toEqual(['a@example.com']);
    expect(heldBack.map(({ email }) => email)).toEqual(['me@example.com']);
    expect(people).toEqual([person('me@example.com', { access_level: 2 }), person('a@example.com')]);
    expect(comparePeople(directory(), given, { by: 'me@example.com', sheet }).people).toEqual([
      person('a@example.com'),
    ]);
  });

  it('knows whoever takes it by their name too, known or given, and does not make them inactive', () => {
    const me = known('me@example.com', { name: 'Ann Example', access_level: 2 });
    const by = { by: ' ann example', sheet };
    const renamed = [person('me@example.com', { name: 'Else', access_level: 9 })];
    expect(comparePeople(directory(me), renamed, by)).toMatchObject({
      changes: [],
      heldBack: [{ email: 'me@example.com' }],
      people: [{ name: 'Ann Example', access_level: 2 }],
    });
    expect(comparePeople(directory(), [person('b@example.com', { name: 'Ann Example' })], by).people).toEqual([]);
    const gone = comparePeople(directory(me, known('b@example.com')), [person('c@example.com')], by);
    expect(gone.changes.map(({ email, what }) => [email, what])).toEqual([
      ['c@example.com', 'added'],
      ['b@example.com', 'made inactive'],
    ]);
  });

  it('has another fingerprint for other people and for another directory', () => {
    const of = (mark: string, level: number) =>
      comparePeople({ ...directory(), mark }, [person('a@example.com', { access_level: level })], {
        by: 'admin',
        sheet,
      }).fingerprint;
    expect(new Set([of('m', 1), of('m', 2), of('n', 1)]).size).toBe(3);
    expect(of('m', 1)).toBe(of('m', 1));
  });
});
