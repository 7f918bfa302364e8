import { refusal, type RefusedForm } from '../sign-in';
import { notPermitted, RpcProblem, wrongKey } from './problem';
import { RPC_PATH } from './rpc-door';

/** What the front door refuses below `/rest/v1/rpc` is refused in PostgREST's form: its callers read no other. */
export const rpcRefused: RefusedForm = (facts, refused) => {
  if (facts.path !== RPC_PATH && !facts.path.startsWith(`${RPC_PATH}/`)) return null;
  const name = facts.path.slice(RPC_PATH.length + 1);
  const problem = problemOf(facts, refused, name);
  return { status: problem.status, headers: problem.headers, body: JSON.stringify(problem.body) };
};

function problemOf(...[facts, refused, name]: [...Parameters<RefusedForm>, string]): RpcProblem {
  const isKeyShown = (facts.bearer ?? facts.apikey ?? null) !== null;
  if (refused === 'session') return isKeyShown ? wrongKey() : notPermitted(name, 401);
  if (refused === 'right') return isKeyShown ? wrongKey() : notPermitted(name, 403);
  const { status, message, hint } = refusal(refused);
  const code = refused === 'path' || refused === 'nothing' ? 'PGRST125' : '42501';
  return new RpcProblem({ status, code, message, hint });
}
