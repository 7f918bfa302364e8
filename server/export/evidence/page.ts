import { verifierText, type Verifier } from '../../../lib/seal';
import type { EvidenceOrder, EvidenceResult } from './write-evidence';

type About = EvidenceOrder &
  EvidenceResult & {
    readonly origin: string;
    readonly made_at: string;
    readonly practice: boolean;
    readonly whole: boolean;
    readonly archives: readonly {
      readonly month: string;
      readonly file: string;
      readonly sha256: string;
      readonly events: number;
    }[];
  };

/** The page that explains a bundle to somebody who has never seen the product. */
export function pageOf(about: About, keys: readonly Verifier[]): string {
  return `# Evidence of billing changes${about.practice ? ' (PRACTICE DATA)' : ''}

Made at ${about.made_at} from the log \`${about.origin}\`.
${scopeOf(about)}

## Check it yourself

    python3 verify.py

It needs Python 3.8 or later and openssl, no network, no database and nothing of the product. Exit code 0: what is sealed
holds, and each \`NOTE\` says what it does not show; 1: something is wrong or missing, and it says what and where.

Three things must come from elsewhere, or you only learn that the bundle agrees with itself:

- **The key.** Compare it with the one that you were given when you began to audit, or give that one: \`--key KEY\`.
${keys.map((key) => `  \`${verifierText(key)}\``).join('\n')}
- **Checkpoints that you kept**, from a mail or a repository of your own: \`--anchor FILE\`. They show that the history is
  still the one of that day, even if whoever made this bundle had the signing key.
- **The program**, where you do not trust whoever made this bundle: read its 300 lines, or take \`verify.py\` out of the
  npm package \`billing-audit\` yourself, and run that one on this folder.

## What is in it

| file                | what                                                                                                |
| ------------------- | --------------------------------------------------------------------------------------------------- |
| \`events.jsonl\`      | One event a line: the text that was hashed, the hash before it, its values, its place in the tree and the proof of that |
| \`checkpoints.jsonl\` | Signed heads of the tree, each with the proof that it is the beginning of the newest one            |
| \`anchors.jsonl\`     | The checkpoints that lie outside the reach of the database's administrator, as they were read there |
| \`in-force.jsonl\`    | The rules, flows and models by which events were judged: the SHA-256 of each \`text\` is the \`hash\` that events name |
| \`keys.txt\`          | The public keys                                                                                     |
| \`archived.jsonl\`    | The hashes of events that left the database, each with its place in the tree; their text is in the files below |
| \`about.json\`        | What was asked for, and counts                                                                      |

## How it holds together

1. Each event of a sheet has \`hash = SHA-256(hash of the event before || text)\`; the first one stands upon
   \`SHA-256("billing-audit:genesis:" || stream)\`. The text, \`preimage\`, is a JSON list: form, stream, number, time of
   recording, key, kind, sheet, row, work request, column, violation, delta, currency, kind of person, time of the change,
   week ending, historical, run, severity, risk, anomaly, category, approval, whether steps are unknown, rules, model,
   flow, commitment.
2. Values and personal fields are \`payload\`; the last place of the text is \`SHA-256(salt || payload)\`. They can be erased
   by law (\`null\`), and everything else still holds. Each erasure is an event of the chain \`keeping\` that says of how
   many: in a bundle of the whole trail no more may be gone.
3. The hash of each event is an entry of one Merkle tree over all sheets (RFC 6962): leaf \`SHA-256(0x00 || hash)\`, node
   \`SHA-256(0x01 || left || right)\`.
4. The head of the tree is signed with Ed25519 as a checkpoint (c2sp.org/tlog-checkpoint, c2sp.org/signed-note): log, number
   of leaves, root, time. A checkpoint with \`next-key\` is signed by the old key and the new one.

${archivesOf(about)}An event without a place in the tree was younger than the newest checkpoint: its chain is checked, nothing else protects it.
`;
}

function archivesOf({ archives }: About): string {
  if (archives.length === 0) return '';
  const rows = archives.map(
    ({ month, file, sha256, events }) => `| ${month} | \`${file}\` | ${events} | \`${sha256}\` |`,
  );
  return `## Months that are archived

These left the database. Each file is a bundle like this one: ask for it, compare its SHA-256, and check it with its own \`verify.py\`.

| month   | file | events | SHA-256 |
| ------- | ---- | ------ | ------- |
${rows.join('\n')}

`;
}

function scopeOf(about: About): string {
  const { events, unsealed, sealed, checkpoints, anchors, whole } = about;
  const what = whole ? 'all events' : partOf(about);
  const anchored =
    anchors === 0
      ? '**Evidence is not anchored**: no checkpoint lies outside the reach of the administrator.'
      : `${anchors} anchored checkpoints are with it.`;
  return `It holds ${what}: ${events}, of which ${unsealed} are not sealed yet. The newest of ${checkpoints} checkpoints seals ${sealed} events of all sheets. ${anchored}`;
}

function partOf({ from, to, sheets, spans }: About): string {
  if (spans !== undefined) {
    const told = spans.map((span) => `${span.first_seq} to ${span.last_seq} of \`${span.stream}\``).join(', ');
    return `events of a month that was archived (${told})`;
  }
  const days = `${from === null ? '' : ` from ${from}`}${to === null ? '' : ` until before ${to}`}`;
  return `the events that were recorded${days}${sheets.length === 0 ? '' : ` of the sheets ${sheets.join(', ')}`}`;
}
