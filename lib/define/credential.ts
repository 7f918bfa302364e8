import type { Http } from '../ports';
import type { Fields, Params } from './fields';

/** What a node needs to be let in somewhere. Secret fields stay in the host's credential store. */
export interface CredentialDefinition<F extends Fields = Fields> {
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  readonly fields: F;
  /**
   * Asks the service whether it accepts the credential.
   * @returns a sentence for people ("Connected as ...")
   * @throws BillingAuditError  saying what was refused and what to do
   */
  test(params: Params<F>, http: Http): Promise<string>;
}

export function defineCredential<const F extends Fields>(definition: CredentialDefinition<F>): CredentialDefinition<F> {
  return definition;
}
