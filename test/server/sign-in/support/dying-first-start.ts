import { spyOnRenames } from './renames';
import { AccountFile } from '../../../../server/sign-in';

/** A first start that is killed after its n-th write, before it has shown anything: `node this.js FOLDER N`. */
const [folder = '', writes = '1'] = process.argv.slice(2);
const people = [
  { name: 'admin', role: 'admin' },
  { name: 'viewer', role: 'viewer' },
] as const;

spyOnRenames((done) => {
  if (done === Number(writes)) process.kill(process.pid, 'SIGKILL');
});
void AccountFile.open(`${folder}/accounts.json`, Date.now, people).then(({ made }) => console.log(made));
