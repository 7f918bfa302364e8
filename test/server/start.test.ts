import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../support/until';
import { freePorts, runCli, startCli, type RunningCli } from './cli';

const homes: string[] = [];
const newHome = (): string => {
  const home = mkdtempSync(join(tmpdir(), 'start-'));
  homes.push(home);
  return home;
};
afterAll(() => homes.forEach((home) => rmSync(home, { recursive: true, force: true })));

interface Health {
  readonly status: string;
  readonly counts: { readonly events: number };
}

async function health({ address }: RunningCli): Promise<Health> {
  return (await (await fetch(`${address}/health`)).json()) as Health;
}

async function answers(address: string): Promise<boolean> {
  return fetch(`${address}/sandbox/state`).then(
    () => true,
    () => false,
  );
}

const said = (cli: RunningCli): string => `something; it said: ${cli.output()}`;

describe('npm start without a token', () => {
  const home = newHome();
  let recorded = 0;

  it('shows an office at work within seconds, and Ctrl+C ends all of it in order', async () => {
    const cli = startCli(home, await freePorts());
    await until(() => cli.output().includes('Billing Audit is up'), said(cli), 30_000);
    const first = await until(async () => (await health(cli)).counts.events || null, said(cli), 30_000);
    recorded = await until(
      async () => {
        const { status, counts } = await health(cli);
        return status === 'ok' && counts.events > first + 20 && counts.events;
      },
      said(cli),
      40_000,
    );
    process.kill(-cli.child.pid!, 'SIGINT');
    expect(await cli.ended).toBe(0);
    await until(async () => !(await answers(cli.practiceAddress)), 'the practice Smartsheet to be gone');
    expect(cli.output()).not.toMatch(/"log":"failure"|ended by itself/);
    // Else the flow of a later version would be taken for the one that was placed, and never be offered.
    expect(existsSync(join(home, 'sandbox', 'node-red', 'versions', 'shipped-flow-seen'))).toBe(true);
  });

  it('goes on where it was, and takes its office along when it is killed', async () => {
    const cli = startCli(home, await freePorts());
    await until(async () => (await health(cli)).counts.events > recorded, said(cli), 40_000);
    expect(await answers(cli.practiceAddress)).toBe(true);
    cli.child.kill('SIGKILL');
    expect(await cli.ended).toBe('SIGKILL');
    await until(async () => !(await answers(cli.practiceAddress)), 'the practice Smartsheet to be gone');
  });

  it('ends on SIGTERM although its office was not yet open', async () => {
    const cli = startCli(home, await freePorts());
    await until(() => cli.output().includes('Billing Audit is up'), said(cli), 30_000);
    cli.child.kill('SIGTERM');
    expect(await cli.ended).toBe(0);
    await until(async () => !(await answers(cli.practiceAddress)), 'the practice Smartsheet to be gone');
  });
});

it('shows the nodes nothing that leads out of practice', async () => {
  const home = newHome();
  const names = [
    'ALERT_TO',
    'SMTP_URL',
    'DATABASE_URL',
    'SUPABASE_URL',
    'SUPABASE_SECRET_KEY',
    'BILLING_AUDIT_PRACTICE',
  ];
  mkdirSync(join(home, 'sandbox', 'node-red'), { recursive: true });
  writeFileSync(join(home, 'sandbox', 'node-red', 'flows.json'), JSON.stringify(flowThatTells(names)));
  const cli = startCli(home, await freePorts(), {
    ...Object.fromEntries(names.map((name) => [name, 'real@example.com'])),
    BUSINESS_TIME_ZONE: 'Not/There',
  });
  const seen = await until(
    async () => {
      const answer = await fetch(`${cli.address}/seen`);
      return answer.ok && ((await answer.json()) as Record<string, unknown>);
    },
    said(cli),
    30_000,
  );
  // Node-RED gives an empty text for a variable that is not set.
  expect(Object.fromEntries(Object.entries(seen).filter(([, value]) => value !== ''))).toEqual({
    BILLING_AUDIT_PRACTICE: '1',
  });
  cli.child.kill('SIGTERM');
  expect(await cli.ended).toBe(0);
});

describe('a start that cannot be', () => {
  it('exits with 3 when a server has the home open, and says which and where, not that a port is taken', async () => {
    const home = newHome();
    const ports = await freePorts();
    const first = startCli(home, ports);
    await until(async () => (await health(first)).counts.events > 0, said(first), 40_000);
    for (const others of [ports, await freePorts()]) {
      const second = startCli(home, others);
      expect(await second.ended).toBe(3);
      expect(second.output()).toContain(`runs already: process ${first.child.pid} has `);
      expect(second.output()).toContain(`Open ${first.address}/dashboard`);
      expect(second.output()).not.toMatch(/cannot listen|in use/u);
    }
    first.child.kill('SIGTERM');
    expect(await first.ended).toBe(0);
  });

  it.each(['port', 'sandboxPort'] as const)('exits with 3 and says so when its %s is in use', async (taken) => {
    const ports = await freePorts();
    const other = createServer();
    await new Promise<void>((done) => other.listen(ports[taken], '127.0.0.1', done));
    const cli = startCli(newHome(), ports);
    expect(await cli.ended).toBe(3);
    expect(cli.output()).toContain(String(ports[taken]));
    expect(cli.output()).toMatch(/in use|cannot listen/);
    expect(cli.output()).toMatch(/--port|SANDBOX_PORT/);
    if (taken === 'port') expect(await answers(cli.practiceAddress)).toBe(false);
    await new Promise((done) => other.close(done));
  });

  it('exits with 3 in a home that has watched real sheets, rather than practise there', () => {
    const home = newHome();
    mkdirSync(join(home, 'keys'), { recursive: true });
    writeFileSync(join(home, 'keys', 'had-token'), '');
    const { status, stderr } = runCli(['start', '--home', home], home);
    expect([status, stderr]).toEqual([3, expect.stringContaining('SMARTSHEET_ACCESS_TOKEN')]);
  });

  it('exits with 3 in a home that its user has no right to write, and says which and what to do', () => {
    const home = newHome();
    const isRoot = process.getuid?.() === 0;
    // Rights do not bind root, so there the program is run by nobody, in a folder of root's.
    chmodSync(home, isRoot ? 0o755 : 0o500);
    const nobody = isRoot ? { uid: 65_534, gid: 65_534 } : {};
    const { status, stderr } = runCli(['start', '--home', home], home, {}, nobody);
    chmodSync(home, 0o755);
    expect([status, stderr]).toEqual([3, expect.stringContaining(`${home}`)]);
    expect(stderr).toMatch(/cannot be written: EACCES/);
    expect(stderr).toContain('BILLING_AUDIT_HOME');
    expect(readdirSync(home)).toEqual([]);
  });

  it('exits with 3 when the sheets of the office cannot be read, and leaves them as they are', async () => {
    const home = newHome();
    mkdirSync(join(home, 'sandbox', 'office'), { recursive: true });
    writeFileSync(join(home, 'sandbox', 'office', 'sandbox.json'), 'not a state');
    const cli = startCli(home, await freePorts());
    expect(await cli.ended).toBe(3);
    expect(cli.output()).toContain('sandbox.json cannot be read');
  });

  it.each([
    [['start', '--port', 'http'], 'no port'],
    [['start', '--nonsense'], 'unknown option'],
    [['sandbox', '--rate', '-1'], 'from 0'],
    [['sandbox', '--practice', '--load', 'x.csv'], 'cannot be used'],
  ])('%j is misuse, says why and exits with 2', (flags, words) => {
    const home = newHome();
    const { status, stderr } = runCli(flags, home);
    expect([status, stderr]).toEqual([2, expect.stringContaining(words)]);
  });
});

it('billing-audit sandbox has the help and the exit codes of the sandbox', () => {
  const home = newHome();
  const help = runCli(['sandbox', '--help'], home);
  expect(help.status).toBe(0);
  for (const words of ['Usage: billing-audit sandbox', '--practice', '--lockstep'])
    expect(help.stdout).toContain(words);
  const missing = runCli(['sandbox', '--port', '0', '--replay', join(home, 'nothing.csv')], home);
  expect([missing.status, missing.stderr]).toEqual([3, expect.stringContaining('nothing.csv cannot be used')]);
});

/** `GET /seen` answers what nodes see of these variables. */
function flowThatTells(names: readonly string[]): object[] {
  const told = names.map((name) => `${name}: env.get('${name}') ?? ''`).join(', ');
  const place = { z: 'tab', x: 0, y: 0 };
  return [
    { id: 'tab', type: 'tab', label: 'Seen' },
    { ...place, id: 'ask', type: 'http in', url: '/seen', method: 'get', wires: [['tell']] },
    {
      ...place,
      id: 'tell',
      type: 'function',
      func: `msg.payload = { ${told} }; return msg;`,
      outputs: 1,
      wires: [['answer']],
    },
    { ...place, id: 'answer', type: 'http response', wires: [] },
  ];
}
