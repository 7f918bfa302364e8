import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from 'pg';
import { checkTrail, openSealKeys, SealBook, sealNext } from '../../lib/seal';
import type { StoreDriver } from '../../lib/store';
import { median, rounded } from './appending';
import { CONTESTANTS, newEvents } from './contestants';

const ROUNDS = 5;

/** A check of everything beside reading the same rows; and the check of what is new since the last seal. */
export async function verifyRatios(client: Client, driver: StoreDriver, folder: string): Promise<readonly object[]> {
  const keysFolder = join(folder, 'keys');
  mkdirSync(keysFolder);
  const keys = openSealKeys(keysFolder, {});
  const book = new SealBook(driver);
  const sealAll = async (): Promise<void> => {
    while ((await sealNext({ book, keys, now: Date.now })).more);
  };
  await sealAll();
  const [checks, reads, increments]: number[][] = [[], [], []];
  let events = 0;
  for (let round = 0; round <= ROUNDS; round += 1) {
    const check = await timed(async () => {
      const report = await checkTrail({ source: book, trusted: keys.trusted(), anchors: [] });
      if (!report.ok) throw new Error(`The check found ${JSON.stringify(report.findings.slice(0, 3))}`);
      events = report.events;
    });
    const read = await timed(async () => {
      let seen = 0;
      for await (const page of book.allEvents()) seen += page.length;
      if (seen !== events) throw new Error(`${seen} rows were read, ${events} checked.`);
    });
    await client.query(CONTESTANTS[0]?.sql ?? '', [JSON.stringify({ events: newEvents(1000) })]);
    const increment = await timed(sealAll);
    if (round === 0) continue;
    checks?.push(check);
    reads?.push(read);
    increments?.push(increment);
  }
  const check = median(checks ?? []);
  const read = median(reads ?? []);
  return [
    {
      part: 'full',
      checked_events: events,
      milliseconds: Math.round(check),
      reading: Math.round(read),
      ratio: rounded(check / read),
      goal: 1.5,
    },
    {
      part: 'since the last seal, 1,000 events, checked and sealed',
      milliseconds: Math.round(median(increments ?? [])),
      goal: 100,
    },
  ];
}

async function timed(act: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await act();
  return performance.now() - began;
}
