import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** The parts of Playwright that tests use; it is installed under test/hosts, without types here. */
export interface Page {
  goto(url: string): Promise<unknown>;
  evaluate<Result, Argument = undefined>(
    code: string | ((argument: Argument) => Result | Promise<Result>),
    argument?: Argument,
  ): Promise<Result>;
  locator(selector: string): Locator;
  waitForFunction(code: string, argument?: unknown, options?: { timeout: number }): Promise<unknown>;
  setViewportSize(size: { width: number; height: number }): Promise<void>;
  screenshot(options: { path: string; fullPage?: boolean }): Promise<unknown>;
  /** Answers what the page asks in place of the server, or holds it up. */
  route(url: string, handler: (route: Route) => unknown): Promise<void>;
  unroute(url: string): Promise<void>;
  waitForResponse(url: string): Promise<unknown>;
  on(event: 'console', listener: (message: { type(): string; text(): string }) => void): void;
  on(event: 'pageerror', listener: (failure: Error) => void): void;
  on(event: 'request', listener: (request: { url(): string }) => void): void;
}
export interface Route {
  request(): { postDataJSON(): unknown };
  continue(): Promise<void>;
  abort(): Promise<void>;
}
export interface Locator {
  click(options?: { force?: boolean }): Promise<void>;
  fill(text: string): Promise<void>;
  first(): Locator;
  nth(place: number): Locator;
  count(): Promise<number>;
  isVisible(): Promise<boolean>;
  innerText(): Promise<string>;
  getAttribute(name: string): Promise<string | null>;
  waitFor(options?: { state?: 'visible' | 'hidden' | 'attached' | 'detached'; timeout?: number }): Promise<void>;
  selectOption(value: string): Promise<unknown>;
  press(key: string): Promise<void>;
  screenshot(options: { path: string }): Promise<unknown>;
}
interface Context {
  newPage(): Promise<Page>;
  close(): Promise<void>;
}
interface Playwright {
  readonly chromium: {
    launchPersistentContext(folder: string, options: Record<string, unknown>): Promise<Context>;
    launch(options: Record<string, unknown>): Promise<{
      newContext(options: Record<string, unknown>): Promise<Context>;
      close(): Promise<void>;
    }>;
  };
}

/** What a window of a visitor is like. */
export interface Window {
  readonly width: number;
  readonly height: number;
  readonly scheme?: 'light' | 'dark';
}
/** One Chromium, in which each visitor has cookies of their own. */
export interface SharedBrowser {
  visit(window: Window): Promise<OpenBrowser>;
  close(): Promise<void>;
}

export interface OpenBrowser {
  readonly page: Page;
  /** Errors of the console and of scripts so far. */
  readonly errors: string[];
  /** Addresses of other servers that the page asked. */
  readonly strangers: string[];
  close(): Promise<void>;
}

const CHROMIUM = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A headless Chromium with a profile of its own. */
export async function openBrowser(size = { width: 1400, height: 950 }): Promise<OpenBrowser> {
  const { chromium } = playwright();
  const profile = mkdtempSync(join(tmpdir(), 'chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    headless: true,
    args: QUIET,
    viewport: size,
  });
  return watched(context, () => rmSync(profile, { recursive: true, force: true }));
}

/** A headless Chromium for many visitors. */
export async function launchBrowser(): Promise<SharedBrowser> {
  const browser = await playwright().chromium.launch({ executablePath: CHROMIUM, headless: true, args: QUIET });
  return {
    visit: async ({ width, height, scheme = 'light' }) =>
      watched(await browser.newContext({ viewport: { width, height }, colorScheme: scheme })),
    close: () => browser.close(),
  };
}

function playwright(): Playwright {
  if (!existsSync(CHROMIUM)) throw new Error(`There is no Chromium at ${CHROMIUM}; install it, or set CHROMIUM_PATH.`);
  return createRequire(resolve(__dirname, '../hosts/package.json'))('playwright-core') as Playwright;
}

async function watched(context: Context, afterwards: () => void = () => undefined): Promise<OpenBrowser> {
  const page = await context.newPage();
  const errors: string[] = [];
  const strangers: string[] = [];
  page.on('console', (message) => void (message.type() === 'error' && errors.push(message.text())));
  page.on('pageerror', (failure) => void errors.push(failure.message));
  page.on('request', (request) => {
    if (!/^(https?:\/\/(127\.0\.0\.1|localhost)[:/]|data:|blob:)/.test(request.url())) strangers.push(request.url());
  });
  return {
    page,
    errors,
    strangers,
    close: async () => {
      await context.close();
      afterwards();
    },
  };
}

/** Where screenshots go; not in git. */
export function artefact(name: string): string {
  const folder = resolve(__dirname, '../artefacts');
  mkdirSync(folder, { recursive: true });
  return join(folder, name);
}
