import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../errors';
import { readCheckpoint } from '../checkpoint';
import { AnchorFailed } from '../errors';
import { ANCHOR_SECONDS, checkpointsAmong, filesOf, type Anchor } from './anchor';
import { writeOnce } from './folder-anchor';

const FOLDER = 'checkpoints';
const LONGEST_MILLISECONDS = 60_000;
/** Git asks nobody anything here: there is nobody to answer. */
const WITHOUT_QUESTIONS = { GIT_TERMINAL_PROMPT: '0', GIT_SSH_COMMAND: 'ssh -o BatchMode=yes', LC_ALL: 'C' };
const AS_US = [
  '-c',
  'user.name=Billing Audit',
  '-c',
  'user.email=billing-audit@localhost',
  '-c',
  'commit.gpgsign=false',
];

/**
 * A local clone: each checkpoint is a commit, pushed where the clone has a remote. What is compared is what the remote
 * says, since the clone may be within reach of whoever altered the store.
 */
export function gitAnchor(clone: string): Anchor {
  const name = `git ${clone}`;
  const git = (...words: readonly string[]): Promise<string> => run(clone, words);
  const remoteOf = async (): Promise<string | null> => (await git('remote')).split('\n')[0]?.trim() || null;
  const branch = async (): Promise<string> => (await git('symbolic-ref', '--short', 'HEAD')).trim();
  const attempt = async <Result>(act: () => Promise<Result>): Promise<Result> => {
    try {
      return await act();
    } catch (thrown) {
      const hint = 'ANCHOR_GIT names a clone; check that "git push" works there without a question.';
      throw new AnchorFailed(name, messageOf(thrown), hint, { cause: thrown });
    }
  };
  return {
    name,
    everySeconds: ANCHOR_SECONDS,
    put: (checkpoint, size) =>
      attempt(async () => {
        const root = Buffer.from(readCheckpoint(checkpoint.note).root).toString('hex');
        mkdirSync(join(clone, FOLDER), { recursive: true });
        for (const [file, text] of filesOf(checkpoint, size, root)) writeOnce(join(clone, FOLDER, file), text);
        await git('add', '--', FOLDER);
        const staged = await git('diff', '--cached', '--name-only');
        if (staged.trim() !== '')
          await git(...AS_US, 'commit', '--quiet', '-m', `Checkpoint of ${size} events`, '--', FOLDER);
        const remote = await remoteOf();
        if (remote) await git('push', '--quiet', remote, await branch());
      }),
    read: () =>
      attempt(async () => {
        const remote = await remoteOf();
        const head = remote
          ? await fetched(git, remote, await branch())
          : await git('rev-parse', '--verify', '-q', 'HEAD').catch(() => '');
        if (head.trim() === '') return [];
        const listed = (await git('ls-tree', '-r', '-z', head.trim(), '--', FOLDER))
          .split('\0')
          .filter((line) => line !== '');
        const blobs = listed.map((line) => /^\S+ blob (\S+)\t(.*)$/.exec(line)).filter((found) => found !== null);
        const texts = await contents(
          clone,
          blobs.map(([, id = '']) => id),
        );
        return checkpointsAmong(new Map(blobs.map(([, , path = ''], at) => [path, texts[at] ?? ''])));
      }),
  };
}

/** The commit that the remote has; nothing when its branch is not there yet. */
async function fetched(git: (...words: string[]) => Promise<string>, remote: string, branch: string): Promise<string> {
  const found = await git('ls-remote', '--heads', remote, branch);
  if (found.trim() === '') return '';
  await git('fetch', '--quiet', remote, branch);
  return git('rev-parse', 'FETCH_HEAD');
}

/** Many files by one process. */
async function contents(clone: string, ids: readonly string[]): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  const output = Buffer.from(await run(clone, ['cat-file', '--batch'], `${ids.join('\n')}\n`, 'latin1'), 'latin1');
  const texts: string[] = [];
  for (let at = 0; texts.length < ids.length;) {
    const end = output.indexOf(10, at);
    const size = Number(output.toString('utf8', at, end).split(' ')[2]);
    if (end < 0 || !Number.isInteger(size)) throw new Error('git cat-file gave no content');
    texts.push(output.toString('utf8', end + 1, end + 1 + size));
    at = end + size + 2;
  }
  return texts;
}

function run(folder: string, words: readonly string[], input = '', encoding: BufferEncoding = 'utf8'): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', ['-C', folder, ...words], {
      env: { ...process.env, ...WITHOUT_QUESTIONS },
      timeout: LONGEST_MILLISECONDS,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const [out, wrong]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (bytes: Buffer) => out.push(bytes));
    child.stderr.on('data', (bytes: Buffer) => wrong.push(bytes));
    child.on('error', reject);
    // A git that ends before it has read everything says so by its code.
    child.stdin.on('error', () => undefined);
    child.on('close', (code) => {
      if (code === 0) return resolve(Buffer.concat(out).toString(encoding));
      const said = Buffer.concat(wrong).toString('utf8').trim().replace(/\s+/g, ' ').slice(0, 300);
      reject(
        new Error(`git ${words.find((word) => /^[a-z-]{3,}$/.test(word)) ?? ''} failed: ${said || 'it took too long'}`),
      );
    });
    child.stdin.end(input);
  });
}
