import type { Person } from '../../lib/store';
import { BadPeopleFile, readPeople } from '../../server/people';

const reading = { timeZone: 'America/Chicago', now: Date.parse('2026-02-03T18:00:00Z') };
const file = (...lines: string[]) => readPeople(Buffer.from(lines.join('\n')), reading);
const read = (...lines: string[]) => file(...lines).over([]);
const TITLES = 'E-mail,Name,Role,Access level,Supervisor,Department,Last review,Active';

function problemsOf(...lines: string[]): string[] {
  try {
    read(...lines);
  } catch (thrown) {
    if (!(thrown instanceof BadPeopleFile)) throw thrown;
    return thrown.problems.map(({ line, column, why, hint }) => {
      expect(hint).not.toBe('');
      return `${line} ${column ?? '-'}: ${why}`;
    });
  }
  throw new Error('The file was taken.');
}

describe('a file of people', () => {
  it('gives every person with what is said of them, and null for what is not', () => {
    const people = read(
      `\uFEFF${TITLES}`,
      'Clerk@Example.com,"Example, Ann",Clerk,3,boss@example.com,North,2026-01-31,yes',
      '',
      'gone@example.com,,,,,,,No',
    );
    expect(people).toEqual([
      {
        email: 'clerk@example.com',
        name: 'Example, Ann',
        role: 'Clerk',
        access_level: 3,
        supervisor: 'boss@example.com',
        department: 'North',
        last_review_at: '2026-01-31T06:00:00.000Z',
        active: true,
      },
      {
        email: 'gone@example.com',
        name: null,
        role: null,
        access_level: null,
        supervisor: null,
        department: null,
        last_review_at: null,
        active: false,
      },
    ]);
  });

  it.each([';', '\t'])('may be separated by %j, and needs no more than the e-mail', (separator) => {
    expect(read(`Access Level${separator}email`, `10${separator}a@example.com`)).toMatchObject([
      { email: 'a@example.com', access_level: 10, active: true },
    ]);
  });

  it('says nothing of columns that it lacks: what is known there stays, and what is empty is not known', () => {
    const found = file('email,name,department', 'Left@example.com,Lee,', 'new@example.com,Nel,North');
    expect(found.absent).toEqual(['role', 'access level', 'supervisor', 'last review', 'active']);
    const known: Person = {
      email: 'left@example.com',
      name: 'Before',
      role: 'Clerk',
      access_level: 3,
      supervisor: 'boss@example.com',
      department: 'South',
      last_review_at: '2026-01-31T06:00:00.000Z',
      active: false,
    };
    expect(found.over([known])).toEqual([
      { ...known, name: 'Lee', department: null },
      expect.objectContaining({ email: 'new@example.com', access_level: null, last_review_at: null, active: true }),
    ]);
  });

  it('is refused as a whole, with the line and column of all that is wrong', () => {
    expect(
      problemsOf(
        TITLES,
        'a@example.com,,,,,,,',
        'nobody,,,11,,,31/01/2026,perhaps',
        ',,,2.5,,,2027-01-01,',
        'A@example.com,,,,,,2026-02-30,',
      ),
    ).toEqual([
      '3 e-mail: is "nobody", which is no e-mail address',
      '3 access level: is "11"',
      '3 last review: is "31/01/2026"',
      '3 active: is "perhaps"',
      '4 e-mail: is empty',
      '4 access level: is "2.5"',
      '4 last review: is 2027-01-01, which is still to come',
      '5 last review: is "2026-02-30"',
      '5 e-mail: is "a@example.com", as on line 2',
    ]);
  });

  it('tells the line in the file, also after empty lines and a cell of two lines', () => {
    expect(problemsOf('email,name', 'a@example.com,"two', 'lines"', '', 'b,')).toEqual([
      '5 e-mail: is "b", which is no e-mail address',
    ]);
  });

  it.each([
    [['name', 'Ann'], '1 e-mail: there is no such column'],
    [['email,e-mail', 'a@example.com,b@example.com'], '1 e-mail: there are two such columns'],
    [['email,Acess level', 'a@example.com,3'], '1 -: nobody knows the column "Acess level"'],
    [['email,name'], '1 -: no person follows the line of titles'],
    [['email,name', 'a@example.com,Example, Ann'], '2 -: it has 3 cells, the line of titles has 2'],
    [[''], '1 e-mail: there is no such column'],
  ])('%j is refused', (lines, said) => {
    expect(problemsOf(...lines)).toEqual([said]);
  });

  it('is refused when a double quote is never closed, or when it is not in UTF-8', () => {
    expect(problemsOf('email,name', 'a@example.com,"Ann')).toHaveLength(1);
    expect(() => readPeople(Buffer.from('email,name\na@example.com,J\xF6rg', 'latin1'), reading)).toThrow(/UTF-8/u);
  });
});
