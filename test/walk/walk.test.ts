import { launchBrowser, type SharedBrowser } from '../support/browser';
import { openOffice, type Office } from './office';
import { walkTheEditor } from './walk-the-editor';
import { NOTHING_WRONG, refusedWith, type Look, signedIn as signedInAs, visitor, type Visitor } from './visitor';

const WIDTHS = [390, 1280, 1920] as const;
const SETUP_STEPS = ['token', 'sheets', 'columns', 'store', 'mail', 'address', 'review', 'first-change'];

const PAGES = [
  ['/export', 'Export'],
  ['/access', 'Access'],
  ['/people', 'People'],
  ['/directory', 'Directory of people'],
  ['/account', 'Account'],
  ['/flows/versions', 'Versions of the flows'],
] as const;

/** The dashboard's further pages, and what stands there once they have loaded. */
const DASHBOARD_PAGES = [
  ['patterns', '[data-figure=hours]'],
  ['access', '[data-access=tally]'],
  ['models', '[data-models=list]'],
] as const;

let office: Office;
let browser: SharedBrowser;

beforeAll(async () => {
  [office, browser] = await Promise.all([openOffice(), launchBrowser()]);
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await office?.stop();
});

const signedIn = (role: 'admin' | 'viewer', width: number, scheme?: 'light' | 'dark'): Promise<Visitor> =>
  signedInAs(browser, office.address, { role, name: role, password: office.passwords[role] }, width, scheme);

/** Both pages of the dashboard, which is open. */
async function dashboardOf(who: Visitor): Promise<{ overview: Look; changes: Look; isAskedForVerdicts: boolean }> {
  const verdicts = who.page.locator('.ba-verdict button');
  await who.page.locator('[data-event]').first().waitFor();
  const overview = await who.look('overview');
  const asked = [(await verdicts.count()) > 0];
  await who.go('/dashboard/changes');
  await who.page.locator('[data-event]').first().waitFor();
  const changes = await who.look('changes');
  asked.push((await verdicts.count()) > 0);
  if (asked[0] !== asked[1]) throw new Error('One page asks for verdicts and the other does not.');
  return { overview, changes, isAskedForVerdicts: asked[0] ?? false };
}

describe.each(WIDTHS)('at %i px', (width) => {
  it('the sign-in page asks, says what is wrong, and leads to where one wanted to go', async () => {
    const who = await visitor(browser, office.address, 'nobody', width);
    await who.go('/dashboard/changes');
    expect(await who.look('sign-in')).toEqual(NOTHING_WRONG);
    await who.signIn('viewer', 'not the password');
    await who.page.locator('[role=alert]').waitFor();
    expect(await who.words()).toContain('Name and password do not belong together. Check both and try again.');
    expect(await who.page.evaluate(`document.querySelector('input[name=name]').value`)).toBe('viewer');
    expect(await who.look('sign-in-wrong')).toEqual(NOTHING_WRONG);
    expect(who.complaints()).toEqual([refusedWith(401), refusedWith(401)]);
    await who.signIn('viewer', office.passwords.viewer);
    await who.page.locator('[data-event]').first().waitFor();
    expect(await who.page.evaluate('location.pathname')).toBe('/dashboard/changes');
    await who.close();
  });

  it('the admin finds the dashboard whole, and every page of the server in order', async () => {
    const who = await signedIn('admin', width);
    expect(await dashboardOf(who)).toEqual({
      overview: NOTHING_WRONG,
      changes: NOTHING_WRONG,
      isAskedForVerdicts: true,
    });
    for (const [name, there] of DASHBOARD_PAGES) {
      await who.go(`/dashboard/${name}`);
      await who.page.locator(there).first().waitFor();
      expect(await who.look(`dashboard-${name}`)).toEqual(NOTHING_WRONG);
    }
    for (const [path, title] of PAGES) {
      await who.go(path);
      expect(await who.page.locator('h1').innerText()).toBe(title);
      expect(await who.look(path.slice(1).replace('/', '-'))).toEqual(NOTHING_WRONG);
    }
    for (const step of SETUP_STEPS) {
      await who.go(`/setup/${step}`);
      expect(await who.look(`setup-${step}`)).toEqual(NOTHING_WRONG);
    }
    expect(who.complaints()).toEqual([]);
    await who.close();
  });

  it('the viewer finds the dashboard whole, without verdicts, and is told plainly what is not for them', async () => {
    const who = await signedIn('viewer', width);
    expect(await dashboardOf(who)).toEqual({
      overview: NOTHING_WRONG,
      changes: NOTHING_WRONG,
      isAskedForVerdicts: false,
    });
    await who.go('/account');
    expect(await who.look('account')).toEqual(NOTHING_WRONG);
    const links = await who.page.evaluate<string[]>(`[...document.querySelectorAll('nav a')].map((each) => each.text)`);
    expect(links).toEqual(['Dashboard', 'Account']);
    expect(who.complaints()).toEqual([]);
    for (const path of ['/export', '/access', '/people', '/directory', '/flows/versions', '/setup', '/admin/']) {
      await who.go(path);
      expect(await who.words()).toContain('Your account may not do this.');
      expect(who.complaints()).toEqual([refusedWith(403)]);
    }
    expect(await who.look('refused')).toEqual(NOTHING_WRONG);
    await who.close();
  });
});

it.each([390, 1280])('the pages of the server are as readable in the dark, at %i px', async (width) => {
  const nobody = await visitor(browser, office.address, 'nobody', width, 'dark');
  await nobody.go('/');
  await nobody.signIn('somebody', 'not the password');
  await nobody.page.locator('[role=alert]').waitFor();
  expect(await nobody.look('sign-in-wrong')).toEqual(NOTHING_WRONG);
  await nobody.close();
  const who = await signedIn('admin', width, 'dark');
  for (const path of [...PAGES.map(([each]) => each), '/setup/token', '/setup/mail']) {
    await who.go(path);
    expect(await who.look(path.slice(1).replace('/', '-'))).toEqual(NOTHING_WRONG);
  }
  await who.close();
});

describe('the editor', () => walkTheEditor(() => ({ office, browser })));
