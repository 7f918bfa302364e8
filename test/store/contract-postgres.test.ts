import { describeOnPostgres, warnWithoutPostgres } from '../support/postgres';
import { storeContract } from './contract';
import { openPostgres } from './stores';

warnWithoutPostgres('the contract of the store was not tried on one.');

describeOnPostgres('on PostgreSQL', () => storeContract(openPostgres));
