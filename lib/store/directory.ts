import type { Person, StoreDriver } from './store';

/** A person as the directory knows them, and the sheet that named them last; null = a file or a program. */
export interface DirectoryPerson extends Person {
  readonly from_sheet: string | null;
}

export interface Directory {
  /** In the order of their e-mails. */
  readonly people: readonly DirectoryPerson[];
  /** The sheet that it was taken from last; null = none so far. */
  readonly source: { readonly sheet_id: string; readonly sheet_name: string; readonly taken_at: string } | null;
  /** Another mark, another directory. */
  readonly mark: string;
}

export interface NewPeople {
  readonly people: readonly Person[];
  /** Who takes them, and as what their sign-in lets them in. */
  readonly by: string;
  readonly role: string;
  /** Where they come from; null = a file. Who came from this sheet and is not among the people becomes inactive. */
  readonly sheet: { readonly sheet_id: string; readonly sheet_name: string } | null;
  /** Of the directory beside which they were shown. */
  readonly mark: string;
}

export interface PeopleTaken {
  readonly added: number;
  readonly changed: number;
  readonly made_inactive: number;
}

/** The directory of people: whose changes are judged, and by what. */
export interface DirectoryStore {
  directory(): Promise<Directory>;
  /**
   * Takes people into the directory, and writes what that changes into the trail: all or nothing.
   * @throws StoreRefused  BA005 it takes an administrator; BA018 they would change their own access; BA017 the directory has
   *   changed since it was shown
   */
  takePeople(people: NewPeople): Promise<PeopleTaken>;
}

export function directoryOver(driver: Pick<StoreDriver, 'rpc'>): DirectoryStore {
  return {
    directory: async () => (await driver.rpc('billing_audit_directory', {})) as Directory,
    takePeople: async (people) => (await driver.rpc('billing_audit_take_people', people)) as PeopleTaken,
  };
}
