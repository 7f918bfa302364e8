import { messageOf } from '../../../lib/errors';
import { dialogValues } from './fields';
import type { OpenDialog } from './editor-api';

interface Failure {
  readonly message: string;
  readonly hint: string;
}
type Tried =
  | { readonly ok: true; readonly outputs: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly error: Failure };

/** Draws "Try with an example": what goes in beside what comes out, with the dialog's fields as they stand. */
export function drawTryPanel(open: OpenDialog): void {
  const place = open.form.find('.billing-audit-try');
  if (!place.length) return;
  const button = $('<button type="button" class="red-ui-button">').append(
    '<i class="fa fa-play-circle-o"></i> ',
    document.createTextNode(open.words('try.open')),
  );
  place.append(button);
  button.one('click', () => {
    button.attr('aria-expanded', 'true').prop('disabled', true);
    place.append(open.dialog.role === 'trigger' ? exampleOnly(open) : bothSides(open));
    place.get(0)?.scrollIntoView({ block: 'nearest' });
  });
}

function exampleOnly(open: OpenDialog): JQuery {
  const out = side(
    open,
    'out',
    $('<div class="billing-audit-result" tabindex="0">').append(resultsOf(open, exampleOutputs(open))),
  );
  return $('<div>').append(
    $('<p class="billing-audit-hint">').text(open.words('try.example')),
    $('<div class="billing-audit-sides">').append(out),
  );
}

function exampleOutputs({ dialog }: OpenDialog): Readonly<Record<string, unknown>> {
  return (dialog.example ?? {}) as Readonly<Record<string, unknown>>;
}

function bothSides(open: OpenDialog): JQuery {
  const text = $('<textarea rows="14" spellcheck="false" class="billing-audit-example">')
    .attr('aria-label', open.words('try.in'))
    .val(JSON.stringify(open.dialog.example, null, 2));
  const result = $('<div class="billing-audit-result" role="status" aria-live="polite" tabindex="0">');
  const run = $('<button type="button" class="red-ui-button billing-audit-run">').text(open.words('try.run'));
  run.on('click', () => void tryOnce(open, String(text.val()), result));
  const hint = $('<span class="billing-audit-hint">').text(open.words('try.hint'));
  void tryOnce(open, String(text.val()), result);
  return $('<div>').append(
    $('<div class="billing-audit-sides">').append(side(open, 'in', text), side(open, 'out', result)),
    $('<div class="billing-audit-actions">').append(run, hint),
  );
}

function side(open: OpenDialog, key: 'in' | 'out', content: JQuery): JQuery {
  return $('<div class="billing-audit-side">').append($('<h4>').text(open.words(`try.${key}`)), content);
}

async function tryOnce(open: OpenDialog, text: string, result: JQuery): Promise<void> {
  result.empty().addClass('billing-audit-busy');
  const shown = await outcome(open, text);
  result.removeClass('billing-audit-busy').append(shown);
}

async function outcome(open: OpenDialog, text: string): Promise<JQuery> {
  const payload = parsed(text);
  if ('why' in payload) return failure({ message: open.words('try.json', { why: payload.why }), hint: '' });
  try {
    const tried = (await $.ajax({
      url: 'billing-audit/try',
      method: 'POST',
      contentType: 'application/json',
      data: JSON.stringify({
        type: open.dialog.type,
        id: open.node.id,
        fields: dialogValues(open),
        payload: payload.value,
      }),
    })) as Tried;
    return tried.ok ? resultsOf(open, tried.outputs) : failure(tried.error);
  } catch (thrown) {
    return failure({ message: refusal(open, thrown), hint: '' });
  }
}

function refusal(open: OpenDialog, thrown: unknown): string {
  const status = typeof thrown === 'object' && thrown !== null && 'status' in thrown ? Number(thrown.status) : 0;
  if (status === 401 || status === 403) return open.words('try.forbidden');
  return open.words('try.failed', { why: status || messageOf(thrown) });
}

function resultsOf(open: OpenDialog, outputs: Readonly<Record<string, unknown>>): JQuery {
  const given = Object.entries(outputs).flatMap(([name, value]) =>
    (Array.isArray(value) ? (value as unknown[]) : [value])
      .filter((each) => each !== undefined && each !== null)
      .map((each) => ({ name, each })),
  );
  if (!given.length) return $('<p>').text(open.words('try.nothing'));
  return $('<div>').append(
    ...given.map(({ name, each }) =>
      $('<section>').append(
        $('<h5>').text(open.words(`outputs.${name}`)),
        $('<pre>').text(JSON.stringify(each, null, 2)),
      ),
    ),
  );
}

function failure({ message, hint }: Failure): JQuery {
  const box = $('<div class="billing-audit-failure" role="alert">').append($('<strong>').text(message));
  return hint ? box.append($('<p>').text(hint)) : box;
}

function parsed(text: string): { value: unknown } | { why: string } {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (thrown) {
    return { why: messageOf(thrown) };
  }
}
