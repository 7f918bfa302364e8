import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { OpenBrowser, Page, SharedBrowser, Window } from '../support/browser';

const PICTURES = resolve(__dirname, '../../build/pictures/walk');
/** Run as a text: our pages allow no script, so none could be added to them. */
const AXE = readFileSync(resolve(__dirname, '../hosts/node_modules/axe-core/axe.min.js'), 'utf8');
/** What the shell of Dashboard 2.0 1.31 does wrong itself, outside our widgets. */
const FAULTS_OF_THE_SHELL = ['aria-required-children', 'aria-tooltip-name', 'button-name', 'link-name'];

/** Node-RED's own fields, never shown, that keep browsers from filling in passwords. */
const TRAPS = ['#red-ui-trap-user', '#red-ui-trap-username', '#red-ui-trap-password'];

/** Chromium itself says so of every page whose answer is no success; the page that comes with it is ours. */
export const refusedWith = (status: 401 | 403): string =>
  `Failed to load resource: the server responded with a status of ${status} (${status === 401 ? 'Unauthorized' : 'Forbidden'})`;

const STANDS_STILL = `document.getAnimations().every(({ playState, effect }) =>
  playState !== 'running' || effect.getComputedTiming().iterations === Infinity)`;

/** What is to be seen of a page, apart from its content. */
export interface Look {
  /** How far it can be scrolled sideways, in pixels. */
  readonly sideways: number;
  /** WCAG A and AA rules that something of ours breaks, as `rule: where`. */
  readonly violations: readonly string[];
}
export const NOTHING_WRONG: Look = { sideways: 0, violations: [] };

/** Somebody at a browser of their own. */
export interface Visitor {
  readonly page: Page;
  go(path: string): Promise<void>;
  /** Fills the sign-in page that is open, and sends it. */
  signIn(name: string, password: string): Promise<void>;
  /** Takes a picture of the page as far as it is in the window. */
  picture(name: string): Promise<void>;
  /** Takes a picture of the whole page and looks for what is wrong with it. */
  look(name: string, within?: string): Promise<Look>;
  /** The page's words. */
  words(): Promise<string>;
  /** What the browser complained about since it was asked last, and who else was asked for something. */
  complaints(): readonly string[];
  close(): Promise<void>;
}

export async function visitor(
  browser: SharedBrowser,
  address: string,
  role: string,
  width: number,
  scheme: Window['scheme'] = 'light',
): Promise<Visitor> {
  const open = await browser.visit({ width, height: width < 600 ? 844 : 900, scheme });
  const { page } = open;
  const suffix = `${role}-${width}${scheme === 'dark' ? '-dark' : ''}`;
  return {
    page,
    go: async (path) => void (await page.goto(address + path)),
    signIn: async (name, password) => {
      await page.locator('input[name="name"]').fill(name);
      await page.locator('input[name="password"]').fill(password);
      await page.locator('button.main').click();
    },
    picture: async (name) => void (await page.screenshot({ path: pathOf(`${name}-${suffix}`) })),
    look: (name, within) => look(page, `${name}-${suffix}`, within),
    words: () => page.locator('body').innerText(),
    complaints: () => complaintsOf(open),
    close: () => open.close(),
  };
}

export interface Account {
  readonly role: string;
  readonly name: string;
  readonly password: string;
}

/** Somebody who came to the dashboard through the sign-in page. */
export async function signedIn(
  browser: SharedBrowser,
  address: string,
  { role, name, password }: Account,
  width: number,
  scheme?: Window['scheme'],
): Promise<Visitor> {
  const who = await visitor(browser, address, role, width, scheme);
  await who.go('/');
  await who.signIn(name, password);
  await who.page.locator('[data-card]').first().waitFor();
  const [asked, ...more] = who.complaints();
  if (asked !== refusedWith(401) || more.length > 0) throw new Error(`On the way in: ${[asked, ...more].join('; ')}`);
  return who;
}

async function look(page: Page, name: string, within = 'body'): Promise<Look> {
  // The shell of the dashboard slides its menu away on a phone; nobody looks at a page before it has come to rest.
  await page.waitForFunction(STANDS_STILL);
  await page.screenshot({ path: pathOf(name), fullPage: true });
  await page.evaluate(`${AXE}; undefined`);
  const violations = await page.evaluate(violationsIn, { within, known: FAULTS_OF_THE_SHELL, traps: TRAPS });
  const sideways = await page.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth');
  return { sideways: Math.max(0, sideways), violations };
}

function pathOf(name: string): string {
  mkdirSync(PICTURES, { recursive: true });
  return join(PICTURES, `${name}.png`);
}

interface Where {
  readonly within: string;
  readonly known: readonly string[];
  readonly traps: readonly string[];
}

/** Runs in the page. */
async function violationsIn({ within, known, traps }: Where): Promise<string[]> {
  type Found = { violations: { id: string; nodes: { target: string[] }[] }[] };
  const { axe } = window as unknown as { axe: { run(where: string, options: object): Promise<Found> } };
  const { violations } = await axe.run(within, { runOnly: ['wcag2a', 'wcag2aa'] });
  const isDashboard = location.pathname.startsWith('/dashboard');
  return violations.flatMap(({ id, nodes }) =>
    nodes
      .map(({ target }) => target.join(' '))
      .filter((target) => !traps.includes(target))
      .filter(
        (target) => !isDashboard || !known.includes(id) || document.querySelector(target)?.closest('.ba, .ba-dialog'),
      )
      .map((target) => `${id}: ${target}`),
  );
}

function complaintsOf({ errors, strangers }: OpenBrowser): readonly string[] {
  return [...errors.splice(0), ...strangers.splice(0).map((url) => `asked ${url}`)];
}
