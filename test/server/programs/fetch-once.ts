import { useNetworkSettings } from '../../../server/network';

/** Takes settings as a `.env` gives them, fetches one address, and prints what came. */
async function main(): Promise<void> {
  const [url = '', settings = '{}'] = process.argv.slice(2);
  Object.assign(process.env, JSON.parse(settings));
  useNetworkSettings(process.env);
  const answer = await fetch(url);
  process.stdout.write(JSON.stringify({ text: await answer.text() }));
}

main().catch((thrown: Error & { code?: string; field?: string }) => {
  const cause = thrown.cause instanceof Error ? thrown.cause.message : '';
  const { code, field } = thrown;
  process.stdout.write(JSON.stringify({ error: `${thrown.message} ${cause}`, code, field }));
});
