import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { packageFiles } from '../../hosts/n8n/generate/package-files';
import { failedItem } from '../../hosts/n8n/runtime/errors';
import { inWordsOfN8n, PHRASES } from '../../hosts/n8n/runtime/words';
import { WrongMessageType } from '../../lib/errors';
import { WebhookNotEnabled } from '../../lib/runtime/webhook-keeper';
import { SmartsheetAnswerUnknown, SmartsheetRefused } from '../../lib/smartsheet';

const ROOT = resolve(__dirname, '../..');
/** Words that only another host has a meaning for. `DISABLED_...` and `ADMIN_WEBHOOKS` are Smartsheet's own. */
const STRANGE =
  /Node-RED|deploy|debug node|\bpayload\b|JSONata|_client|\b(?:PUBLIC_URL|SMARTSHEET_[A-Z_]+|ALERT_[A-Z]+)\b/i;

const sources = ['lib', 'nodes'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(ROOT, folder, file), 'utf8')),
);

it.each(PHRASES)('is said in other words in n8n: %s', (shared, inN8n) => {
  expect(sources.some((text) => text.includes(shared))).toBe(true);
  expect(inN8n).not.toMatch(STRANGE);
});

it('leaves no word of another host in what n8n shows of a failure', () => {
  const codes = [1001, 1002, 1003, 1004, 1006, 1013, 1030, 1151, 1152, 1153, 1154, 9999];
  const refused = codes.map((code) => new SmartsheetRefused('read sheet 1', 400, code, 'why', null));
  const byStatus = [401, 403, 404].map((status) => new SmartsheetRefused('read sheet 1', status, null, 'why', null));
  const states = ['VERIFICATION_FAILED', 'CALLBACK_FAILED', 'SCOPE_INACCESSIBLE', 'EXCEEDED_GRID_LIMITS', 'OTHER'];
  const hooks = states.map((state) => {
    const webhook = { id: '1', status: `DISABLED_${state}`, disabledDetails: null };
    return new WebhookNotEnabled('7', webhook as never);
  });
  const others = [new SmartsheetAnswerUnknown('read', 'no'), new WrongMessageType('audit-event', 'a text', [])];
  for (const failure of [...refused, ...byStatus, ...hooks, ...others]) {
    const { error, details } = failedItem(failure);
    expect(`${error} ${details.hint}`).not.toMatch(STRANGE);
    expect(details.hint).not.toBe('');
  }
});

it('says what a log line says, in the same way', () => {
  expect(inWordsOfN8n('If it should be watched, deploy the Smartsheet Trigger again.')).toBe(
    'If it should be watched, publish the workflow again.',
  );
});

it('leaves no word of another host in the forms', () => {
  const files = packageFiles({ version: '1.2.3', root: '../../../..', icon: () => '<svg/>' });
  const forms = [...files].filter(([path]) => path.startsWith('nodes/') || path.startsWith('credentials/'));
  expect(forms.length).toBeGreaterThan(20);
  for (const [path, text] of forms)
    expect({ path, strange: STRANGE.exec(text)?.[0] }).toEqual({ path, strange: undefined });
});
