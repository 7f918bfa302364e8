import { begin, changes, clerk, sandbox, sheet, tower, watch } from './watched-sheet';

describe('a secret that was reset by hand in Smartsheet', () => {
  it('is read again by itself: the next callback is accepted, and the one before counts for a day', async () => {
    await begin();
    await watch();
    await tower.shows('^watching$');
    const [before] = await tower.store.webhooks();
    await sandbox.api('POST', `/webhooks/${before?.webhook_id}/resetsharedsecret`);
    await sheet.edit(0, { Quantity: 12 }, clerk);
    expect(await changes(1)).toEqual([['Quantity', '10', '12', clerk]]);
    expect(tower.found[0]).toMatchObject({ found_by: 'callback' });
    const [after] = await tower.store.webhooks();
    expect(after?.shared_secret).not.toBe(before?.shared_secret);
    expect(after?.previous_secret).toBe(before?.shared_secret);
    expect(Date.parse(after?.previous_until ?? '')).toBeGreaterThan(Date.now());
    const checks = (await tower.runtime.health()).checks;
    expect(checks.find(({ name }) => name === 'callbacks')?.text).toContain('none refused');
  });
});
