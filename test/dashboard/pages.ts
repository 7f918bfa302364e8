import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { AuditEvent } from '../../lib/event';
import { openEmbeddedStore, openSecretBox, storeOver, type Store, type StoreDriver } from '../../lib/store';
import { type FlowNode, type RunningNodeRed, startNodeRed } from '../support/node-red';
import { layStore } from '../support/store-template';

const ROOT = resolve(__dirname, '../..');
/** What the shell of Dashboard 2.0 1.31 does wrong itself, outside our widgets. */
const FAULTS_OF_THE_SHELL = ['aria-required-children', 'aria-tooltip-name', 'button-name', 'link-name'];
/** One for each process of Jest: another may be running its own. */
export const PALETTE = join(ROOT, `build/test-palettes/dashboard-${process.env['JEST_WORKER_ID'] ?? '0'}`);

/** The part of playwright-core that is used here; it is installed beside the hosts, without its types. */
export interface Page {
  goto(url: string): Promise<unknown>;
  reload(): Promise<unknown>;
  evaluate<Given, Answer>(inPage: (given: Given) => Answer | Promise<Answer>, given: Given): Promise<Answer>;
  locator(selector: string): Locator;
  on(event: string, listen: (about: { type(): string; text(): string; url(): string }) => void): void;
  addScriptTag(script: { path: string }): Promise<unknown>;
  setViewportSize(size: { width: number; height: number }): Promise<void>;
  screenshot(options: { path: string }): Promise<unknown>;
  url(): string;
  keyboard: { press(key: string): Promise<void>; type(text: string): Promise<void> };
  close(): Promise<void>;
}
export interface Locator {
  first(): Locator;
  count(): Promise<number>;
  innerText(): Promise<string>;
  allInnerTexts(): Promise<string[]>;
  click(): Promise<void>;
  focus(): Promise<void>;
  fill(text: string): Promise<void>;
  selectOption(value: string): Promise<unknown>;
  getAttribute(name: string): Promise<string | null>;
  isVisible(): Promise<boolean>;
  waitFor(options?: { state: 'visible' | 'hidden' }): Promise<void>;
}
interface Context {
  newPage(): Promise<Page>;
  addCookies(cookies: { name: string; value: string; url: string }[]): Promise<void>;
  close(): Promise<void>;
}
export interface Browser {
  newContext(options: {
    viewport: { width: number; height: number };
    colorScheme?: 'light' | 'dark';
  }): Promise<Context>;
  close(): Promise<void>;
}

export function launchBrowser(): Promise<Browser> {
  // Not bundled and not typed: it belongs to the hosts that tests run, not to the product.
  const { chromium } = require('../hosts/node_modules/playwright-core') as {
    chromium: { launch(options: object): Promise<Browser> };
  };
  const quiet = ['disable-gpu', 'disable-quic', 'no-first-run', 'disable-background-networking'];
  const flags = ['no-sandbox', ...quiet, 'disable-component-update', 'disable-sync'];
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: flags.map((flag) => `--${flag}`) });
}

/** The palette as it is shipped. */
export function buildShippedPalette(): void {
  execFileSync(process.execPath, ['scripts/build/node-red.mjs', PALETTE], { cwd: ROOT, stdio: 'pipe' });
}

const layStoreOf = (home: string): Promise<void> =>
  layStore(join(home, 'store/embedded'), join(PALETTE, 'store-worker.js'), join(ROOT, 'supabase'));

/** Opens the store of a home that no Node-RED has open, for as long as `use` takes. */
export async function withStore<Answer>(home: string, use: (store: Store) => Promise<Answer>): Promise<Answer> {
  return withDriver(home, (driver) => use(storeOver(driver, { secrets: openSecretBox(join(home, 'keys')) })));
}

/** The same, for what is no call of the store. */
export async function withDriver<Answer>(home: string, use: (driver: StoreDriver) => Promise<Answer>): Promise<Answer> {
  await layStoreOf(home);
  const driver = await openEmbeddedStore({
    directory: join(home, 'store/embedded'),
    workerPath: join(PALETTE, 'store-worker.js'),
    migrations: join(ROOT, 'supabase'),
  });
  try {
    return await use(driver);
  } finally {
    await driver.close();
  }
}

/** Stands in for the sign-in of the server: who a cookie says. */
export const SIGN_IN = `{ dashboard: { ioMiddleware: (socket, next) => {
  const role = /who=(\\w+)/.exec(socket.request.headers.cookie ?? '')?.[1];
  if (role !== undefined) socket.data.user = { name: role + '@example.com', role };
  next();
} } }`;

/** Our pages in a real Node-RED, with a flow through which a test records events while the store is in use. */
export async function startDashboard(
  userDir: string,
  {
    env = {},
    settingsCode,
    also = (flow) => flow,
  }: {
    env?: Record<string, string>;
    settingsCode?: string;
    /** What a test adds to the pages. */
    also?: (flow: readonly FlowNode[]) => readonly FlowNode[];
  } = {},
): Promise<RunningNodeRed & { append(event: AuditEvent): Promise<void> }> {
  await layStoreOf(join(userDir, 'home'));
  mkdirSync(join(userDir, 'node_modules/@flowfuse'), { recursive: true });
  const dashboard = 'node_modules/@flowfuse/node-red-dashboard';
  symlinkSync(join(ROOT, dashboard), join(userDir, dashboard), 'junction');
  const pages = JSON.parse(readFileSync(join(ROOT, 'dashboards/overview.json'), 'utf8')) as FlowNode[];
  const red = await startNodeRed({
    userDir,
    palette: PALETTE,
    flows: [...also(pages), ...recordingFlow()],
    settings: { httpAdminRoot: '/admin' },
    env: { ...env, BILLING_AUDIT_HOME: join(userDir, 'home'), BUSINESS_TIME_ZONE: 'America/Chicago' },
    ...(settingsCode === undefined ? {} : { settingsCode }),
  });
  return {
    ...red,
    append: async (event) => {
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${red.address}/append`, { method: 'POST', headers, body: JSON.stringify(event) });
      if (!answer.ok) throw new Error(`Recording answered ${answer.status}: ${await answer.text()}`);
    },
  };
}

function recordingFlow(): FlowNode[] {
  const place = { z: 'append-tab', x: 100, y: 100 };
  return [
    { id: 'append-tab', type: 'tab', label: 'Record' },
    {
      ...place,
      id: 'append-in',
      type: 'http in',
      url: '/append',
      method: 'post',
      upload: false,
      wires: [['append-it']],
    },
    { ...place, id: 'append-it', type: 'billing-audit-audit-trail', operation: 'append', wires: [['append-out']] },
    { ...place, id: 'append-out', type: 'http response', statusCode: '200', headers: {}, wires: [] },
    { ...place, id: 'append-catch', type: 'catch', scope: ['append-it'], uncaught: false, wires: [['append-bad']] },
    { ...place, id: 'append-bad', type: 'http response', statusCode: '500', headers: {}, wires: [] },
  ];
}

/** Sends what no page of ours would send, over the page's own connection. */
export function forge(page: Page, kind: string, widget: string, message: unknown): Promise<void> {
  return page.evaluate(
    (given) => {
      const root = document.querySelector('#app') as unknown as {
        __vue_app__: { _context: { provides: { $socket: { emit(...parts: unknown[]): void } } } };
      };
      root.__vue_app__._context.provides.$socket.emit(given.kind, given.widget, given.message);
    },
    { kind, widget, message },
  );
}

/** Rules of WCAG A and AA that something of ours breaks, as `rule: where`. */
export async function violationsOn(page: Page): Promise<readonly string[]> {
  await page.addScriptTag({ path: resolve(__dirname, '../hosts/node_modules/axe-core/axe.min.js') });
  return page.evaluate(async (known) => {
    type Found = { violations: { id: string; nodes: { target: string[] }[] }[] };
    const { axe } = window as unknown as { axe: { run(options: object): Promise<Found> } };
    const { violations } = await axe.run({ runOnly: ['wcag2a', 'wcag2aa'] });
    return violations.flatMap(({ id, nodes }) =>
      nodes
        .map(({ target }) => target.join(' '))
        .filter((target) => !known.includes(id) || document.querySelector(target)?.closest('.ba, .ba-dialog'))
        .map((target) => `${id}: ${target}`),
    );
  }, FAULTS_OF_THE_SHELL);
}
