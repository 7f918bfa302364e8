import { hasPostgrest } from '../server/rpc/support/postgrest';
import { describeOnPostgres } from '../support/postgres';
import { storeContract } from './contract';
import { openSupabase } from './stores';

const describeBoth = hasPostgrest || process.env['CI'] !== undefined ? describeOnPostgres : describe.skip;

describeBoth('on Supabase: PostgREST before PostgreSQL', () => storeContract(openSupabase));
