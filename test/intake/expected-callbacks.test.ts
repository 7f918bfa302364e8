import { ExpectedCallbacks } from '../../lib/runtime/expected-callbacks';

let now = 0;
let expected: ExpectedCallbacks;

beforeEach(() => {
  now = 1000;
  expected = new ExpectedCallbacks(() => now, 60);
});

it('expects nothing of a row that waits for its history, until the history says that a person wrote it', () => {
  expected.suspect(['row']);
  expect(expected.dueAt).toBe(Infinity);
  now = 5000;
  expected.confirm(['row']);
  expect(expected.missingSince).toBeNull();
  now = 5060;
  expect(expected.missingSince).toBe(5000);
});

it('expects no callback for a row whose callback came while its history was read', () => {
  expected.suspect(['row']);
  expected.told(['row']);
  expected.confirm(['row']);
  expect(expected.dueAt).toBe(Infinity);
});

it('expects none for a row that a callback, and no compare, made wait', () => {
  expected.confirm(['row']);
  expect(expected.dueAt).toBe(Infinity);
});
