import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { openRuntime } from '../../lib/runtime/open-runtime';
import { httpOverFetch } from '../../lib/runtime/http-over-fetch';
import { openSealer } from '../../lib/runtime/open-sealer';
import { openHome } from '../../lib/runtime/home';
import { thisMachine } from '../../lib/runtime/machine';
import type { Sealer } from '../../lib/runtime/sealer';
import { anchorWhatIsDue, contradictions, damagedIn, readAnchors, viewsOf, type Anchor } from '../../lib/seal';
import { defaultSettings } from '../../lib/settings';
import { StoreUnavailable } from '../../lib/store';
import { openPostOffice } from '../alert/post-office';
import { event } from '../store/examples';
import { buildStoreWorker } from '../support/store';
import { until } from '../support/until';
import { openSealedStore, SealedStores, type SealedStore } from './sealed-store';

const workerPath = buildStoreWorker();
const quiet = () => undefined;
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const HOUR = 3_600_000;
let sealed: SealedStore;
let clock = Date.now();

const stores = new SealedStores(workerPath);
beforeEach(async () => {
  sealed = await stores.next();
});
afterEach(() => sealed.close());
afterAll(() => stores.close());

const anchorsOf = (environment: Record<string, string>): readonly Anchor[] =>
  readAnchors(environment, { http: httpOverFetch(), now: () => clock });

/** Appends, seals and anchors; each time an hour later. */
async function grow(count: number, anchors: readonly Anchor[]): Promise<void> {
  clock += HOUR;
  await sealed.append(count);
  await sealed.seal();
  await anchorWhatIsDue({ book: sealed.book, anchors, now: () => clock, log });
}

function clone(): { readonly clone: string; readonly remote: string } {
  const [remote, place] = [join(sealed.folder, 'remote.git'), join(sealed.folder, 'clone')];
  const git = (...words: string[]): void => void execFileSync('git', words, { stdio: 'ignore' });
  git('init', '--bare', '-b', 'main', remote);
  git('clone', remote, place);
  git('-C', place, 'symbolic-ref', 'HEAD', 'refs/heads/main');
  return { clone: place, remote };
}

/** A receiver of somebody else, which keeps what it gets. */
async function receiver(): Promise<{ readonly url: string; readonly held: unknown[]; readonly server: Server }> {
  const held: unknown[] = [];
  const server = createServer((request, response) => {
    if (request.headers.authorization !== 'Bearer ok') return void response.writeHead(401).end();
    if (request.method === 'GET') return void response.end(JSON.stringify({ checkpoints: held }));
    let body = '';
    request.on('data', (piece) => (body += String(piece)));
    request.on('end', () => {
      held.push(JSON.parse(body));
      response.writeHead(201).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/log`, held, server };
}

describe('anchors', () => {
  it('take checkpoints at the same time, each what is new, and give back what they hold', async () => {
    const { clone: place } = clone();
    const { url, server } = await receiver();
    const folder = join(sealed.folder, 'anchor');
    const anchors = anchorsOf({ ANCHOR_FOLDER: folder, ANCHOR_GIT: place, ANCHOR_URL: url, ANCHOR_TOKEN: 'ok' });
    await grow(5, anchors);
    await grow(3, anchors);
    for (const anchor of anchors) {
      const held = await anchor.read();
      expect(held?.map(({ leaves }) => [leaves?.from, leaves?.hashes.length])).toEqual([
        [0, 5],
        [5, 3],
      ]);
    }
    const report = await sealed.check(anchors);
    expect(report).toMatchObject({ ok: true, anchored: 8 });
    expect(report.anchors.map(({ size }) => size)).toEqual([8, 8, 8]);
    server.close().closeAllConnections();
  });

  it('that git keeps are those of the remote: a clone that was altered changes nothing', async () => {
    const { clone: place } = clone();
    const anchors = anchorsOf({ ANCHOR_GIT: place });
    await grow(5, anchors);
    rmSync(join(place, 'checkpoints'), { recursive: true });
    execFileSync('git', ['-C', place, '-c', 'user.name=x', '-c', 'user.email=x@x', 'commit', '-qam', 'gone']);
    expect(await anchors[0]!.read()).toHaveLength(1);
  });

  it('are mailed to auditors by a real mail server, in a form that can be compared', async () => {
    const office = await openPostOffice();
    const anchors = anchorsOf({
      ANCHOR_MAIL_TO: 'auditor@example.com, second@example.com',
      SMTP_URL: `smtp://127.0.0.1:${office.port}`,
      ALERT_FROM: 'audit@example.com',
    });
    await grow(5, anchors);
    await grow(1, anchors);
    // Once a day, however many checkpoints there are.
    expect(office.arrived.map(({ to }) => to.text)).toEqual(['auditor@example.com', 'second@example.com']);
    expect(office.arrived[0]!.text).toContain('\n5\n');
    await office.close();
  });

  it('that fail hold no other up, are told, and are tried again', async () => {
    const folder = join(sealed.folder, 'anchor');
    const blocked = join(sealed.folder, 'a-file');
    writeFileSync(blocked, '');
    const anchors = [...anchorsOf({ ANCHOR_FOLDER: join(blocked, 'below') }), ...anchorsOf({ ANCHOR_FOLDER: folder })];
    await grow(5, anchors);
    const { anchors: marks } = await sealed.book.state();
    expect(marks).toMatchObject(
      [
        { tree_size: null, why: expect.stringContaining('does not work') as string },
        { tree_size: 5, why: null },
      ].sort((one) => (one.tree_size === null ? (blocked < folder ? -1 : 1) : 0)),
    );
    rmSync(blocked);
    await anchorWhatIsDue({ book: sealed.book, anchors, now: () => clock, log });
    expect((await sealed.book.state()).anchors.map(({ tree_size }) => tree_size)).toEqual([5, 5]);
  });

  it.each([
    ['ANCHOR_FOLDER', { ANCHOR_FOLDER: 'relative' }],
    ['ANCHOR_URL', { ANCHOR_URL: 'http://anchor.example.com' }],
    ['ANCHOR_MAIL_TO', { ANCHOR_MAIL_TO: 'a@example.com' }],
    ['ANCHOR_MAIL_TO', { ANCHOR_MAIL_TO: 'nobody', SMTP_URL: 'smtp://127.0.0.1', ALERT_FROM: 'a@example.com' }],
  ])('that are set up wrongly are named: %s', (name, environment) => {
    expect(() => anchorsOf(environment as Record<string, string>)).toThrow(expect.objectContaining({ field: name }));
  });
});

describe('the log compared with its anchors', () => {
  let folder: string;
  let anchors: readonly Anchor[];
  beforeEach(async () => {
    folder = join(sealed.folder, 'anchor');
    anchors = anchorsOf({ ANCHOR_FOLDER: folder });
    await grow(6, anchors);
    await grow(4, anchors);
  });
  const compared = async (): Promise<readonly string[]> =>
    contradictions(sealed.book, (await viewsOf(anchors, sealed.keys)).views);

  it('agrees when nothing happened', async () => {
    expect(await compared()).toEqual([]);
  });

  it('tells what an anchor holds in the place of checkpoints and nobody can read', async () => {
    const { views } = await viewsOf(anchors, sealed.keys);
    expect(damagedIn(views)).toEqual([]);
    const spoilt = views.map((view) => ({
      ...view,
      checkpoints: (view.checkpoints ?? []).map((each) => ({ ...each, note: each.note.slice(0, 20) })),
    }));
    expect(damagedIn(spoilt)[0]).toMatch(/^Anchor "folder.*" holds 2 texts that are no checkpoints\. Run/);
  });

  it('names a tail that was cut off, with what is missing', async () => {
    await sealed.tamper(`
      delete from billing_audit.checkpoints where tree_size > 6; delete from billing_audit.tree_leaves where leaf_index >= 6;
      delete from billing_audit.event_payloads where seq > 6; delete from billing_audit.event_keys where seq > 6;
      delete from billing_audit.audit_events where seq > 6;
      update billing_audit.tree_state set size = 6;
      update billing_audit.streams set seq = 6, head = (select hash from billing_audit.audit_events where seq = 6);
      update billing_audit.sealed_streams set seq = 6, hash = (select hash from billing_audit.audit_events where seq = 6)`);
    expect(await compared()).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^folder .* checkpoint of 10 events.*the store has 6: its end was cut off/),
      ]),
    );
    const { findings } = await sealed.check(anchors);
    expect(findings.find(({ kind, place }) => kind === 'tail_cut' && place.anchor?.startsWith('folder'))).toMatchObject(
      {
        place: { leaves: { from: 6, to: 10 } },
      },
    );
  });

  it('names another store in its place, and a folder of another log', async () => {
    const other = await openSealedStore(workerPath);
    // Test stores begin as copies of one template, and so of one log.
    await other.driver.transaction([{ sql: `update billing_audit.tree_state set origin = 'billing-audit/log/other'` }]);
    await other.append(12);
    await other.seal();
    cpSync(join(other.keysFolder), sealed.keysFolder, { recursive: true });
    expect(await contradictions(other.book, (await viewsOf(anchors, other.keys)).views)).toEqual([
      expect.stringMatching(/events, sealed at .*, of another log/),
    ]);
    await other.close();
  });
});

describe('the sealer of a Runtime', () => {
  const opened: Sealer[] = [];
  afterEach(async () => {
    for (const sealer of opened.splice(0)) await sealer.stop();
  });
  function sealerWith(environment: Record<string, string>, name = 'home'): Sealer {
    const home = openHome(join(sealed.folder, name));
    const sealer = openSealer({ log, timing: { sealSeconds: 0.05 } }, home, thisMachine(), sealed.driver, environment)!;
    opened.push(sealer);
    sealer.start();
    return sealer;
  }

  it('seals by itself, and says that evidence is not anchored until an anchor works', async () => {
    const sealer = sealerWith({});
    await sealed.append(4);
    await until(async () => (await sealer.health()).text === '4 events sealed; evidence is not anchored', 'the seal');
    expect(await sealer.health()).toMatchObject({ status: 'ok' });
    await sealer.stop();
    const anchored = sealerWith({ ANCHOR_FOLDER: join(sealed.folder, 'anchor') });
    await until(async () => (await anchored.health()).text === '4 events sealed; 4 anchored', 'the anchor');
  });

  it('seals a last time when it stops', async () => {
    const home = openHome(join(sealed.folder, 'home'));
    const patient = openSealer({ log, timing: { sealSeconds: 600 } }, home, thisMachine(), sealed.driver, {})!;
    patient.start();
    await until(async () => (await patient.health()).text.startsWith('0 events'), 'the first turn');
    await sealed.append(3);
    await patient.stop();
    expect(await sealed.book.state()).toMatchObject({ size: 3, unsealed: 0 });
  });

  it('signs nothing over a history that its anchor contradicts, and goes on when it is put right', async () => {
    const folder = join(sealed.folder, 'anchor');
    const first = sealerWith({ ANCHOR_FOLDER: folder });
    await sealed.append(4);
    await until(async () => (await first.health()).text.includes('4 anchored'), 'the anchor');
    await first.stop();
    const notes = 'create table public.kept as select * from billing_audit.checkpoints';
    await sealed.tamper(`${notes}; update billing_audit.checkpoints set note = replace(note, 'sealed 2', 'sealed 1')`);
    const second = sealerWith({ ANCHOR_FOLDER: folder });
    await until(async () => (await second.health()).status === 'degraded', 'the contradiction');
    expect((await second.health()).text).toMatch(/which the store does not have: the history was forked or rewritten/);
    await sealed.append(1);
    expect(await sealed.book.state()).toMatchObject({ size: 4, unsealed: 1 });
    await sealed.tamper(
      `update billing_audit.checkpoints as c set note = k.note from public.kept as k where k.id = c.id`,
    );
    await until(async () => (await sealed.book.state()).size === 5, 'the seal after it was put right');
  });

  it('keeps recording with a key or an anchor that cannot be used, and says which', async () => {
    const sealer = sealerWith({ SEAL_KEY: 'c2hvcnQ=', ANCHOR_FOLDER: 'relative' });
    await sealed.append(2);
    await until(async () => /SEAL_KEY holds no Ed25519 private key/.test((await sealer.health()).text), 'the key');
    expect(await sealer.health()).toMatchObject({
      status: 'degraded',
      text: expect.stringMatching(
        /2 not yet protected since .*evidence is not anchored.*"ANCHOR_FOLDER" is "relative"/,
      ) as string,
    });
  });

  it('tells the log, and not the page of health, which database it could not reach', async () => {
    const told: string[] = [];
    const away = new StoreUnavailable('user audit at db.inner.example');
    const driver = {
      ...sealed.driver,
      rpc: (name: `billing_audit_${string}`, p: object) =>
        name === 'billing_audit_seal_next' ? Promise.reject(away) : sealed.driver.rpc(name, p),
    };
    const home = openHome(join(sealed.folder, 'home'));
    const noisy = { ...log, error: (text: string) => void told.push(text) };
    const sealer = openSealer({ log: noisy, timing: { sealSeconds: 0.05 } }, home, thisMachine(), driver, {})!;
    opened.push(sealer);
    sealer.start();
    await until(async () => (await sealer.health()).status === 'degraded', 'the failure');
    expect((await sealer.health()).text).toMatch(/the last seal failed: store_unavailable; the log says more$/);
    expect(told).toEqual([expect.stringContaining('db.inner.example')]);
  });

  it('of a practice home anchors nothing', async () => {
    const folder = join(sealed.folder, 'anchor');
    const sealer = sealerWith({ ANCHOR_FOLDER: folder }, 'sandbox');
    await sealed.append(2);
    await until(async () => (await sealer.health()).text === '2 events sealed; evidence is not anchored', 'the seal');
    expect(existsSync(folder)).toBe(false);
  });

  it('runs in a Runtime, which tells of it in its health', async () => {
    const home = join(sealed.folder, 'whole');
    mkdirSync(home);
    const runtime = await openRuntime({
      home,
      log,
      timing: { sealSeconds: 0.05 },
      openStore: () => Promise.resolve({ store: sealed.store, driver: sealed.driver, close: () => Promise.resolve() }),
    });
    const ports = runtime.portsFor({
      settings: defaultSettings,
      credentials: {},
      log,
    });
    await ports.store.append([event('key:1')]);
    const told = async (): Promise<string | undefined> =>
      (await runtime.health()).checks.find(({ name }) => name === 'evidence')?.text;
    await until(async () => (await told()) === '1 events sealed; evidence is not anchored', 'the seal');
    await runtime.close();
    expect(readdirSync(join(home, 'keys')).sort()).toEqual(['seal-last.note', 'seal.key', 'seal.pub', 'service.key']);
  });
});
