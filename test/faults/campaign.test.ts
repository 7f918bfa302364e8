import { describeOnPostgres, warnWithoutPostgres } from '../support/postgres';
import { plantedBugs } from './campaign/bugs';
import { wrongIn } from './campaign/findings';
import { buildPrograms, STORES } from './campaign/ground';
import { killRounds } from './campaign/kills';
import { runLeg } from './campaign/leg';
import { canMountSmallDisk } from './campaign/small-disk';
import { troubleRounds } from './campaign/troubles';

/** The short form of the fault campaign; `npm run test:faults` is the long one. */
const SEED = Number(process.env['FAULTS_SEED'] ?? 20260105);
const CALLBACKS = 2000;
const KILLS = 12;

warnWithoutPostgres('the fault campaign was not run on one.');
const programs = buildPrograms();
const canFill = canMountSmallDisk();
if (!canFill) process.stderr.write('No small disk can be mounted here (it takes root on Linux): no disk was filled.\n');

for (const store of STORES) {
  const describeStore = store === 'postgres' ? describeOnPostgres : describe;
  describeStore(`on the ${store} store`, () => {
    it('nothing is lost and nothing doubled when it is killed at any of the six points', async () => {
      const rounds = killRounds(KILLS, Math.ceil(CALLBACKS / KILLS));
      const result = await runLeg({ store, seed: SEED, rounds, programs });
      const sum = (name: 'sent' | 'acknowledged'): number =>
        result.rounds.reduce((total, each) => total + each[name], 0);
      process.stdout.write(
        `${store}: ${sum('acknowledged')} of ${sum('sent')} callbacks acknowledged, ${KILLS} kills, ` +
          `${result.deadLetters} dead letters, ${result.seconds.toFixed(0)} s\n`,
      );
      expect(wrongIn(result)).toEqual({});
      expect(sum('sent')).toBeGreaterThanOrEqual(CALLBACKS);
      expect(sum('acknowledged')).toBe(sum('sent'));
    }, 900_000);

    const troubles = troubleRounds(store, { stops: 2, callbacks: 120, canFill });
    const itIfAny = troubles.length > 0 ? it : it.skip;
    itIfAny(
      'nothing is lost and nothing doubled when the store is away, cut off or full',
      async () => {
        const result = await runLeg({ store, seed: SEED, rounds: troubles, programs });
        expect(wrongIn(result)).toEqual({});
        expect(result.rounds.map(({ sent, acknowledged }) => [sent, acknowledged])).toEqual(
          troubles.map(() => [120, 120]),
        );
        expect(result.refusals).toBeGreaterThan(0);
      },
      900_000,
    );

    it.each(plantedBugs(store, canFill))(
      'it would be seen if it $name',
      async ({ bug, name: _name, shows, ...leg }) => {
        const wrong = wrongIn(await runLeg({ ...leg, seed: SEED, programs, ...(bug !== null && { bug }) }));
        expect(wrong[shows]).toBeGreaterThan(0);
      },
      900_000,
    );
  });
}
