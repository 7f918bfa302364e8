import type { Field } from '../../../lib/define';
import { inputOf, type OpenDialog } from './editor-api';
import { askForChoices, type Choices } from './picker-source';

/** How long a pause in typing ends a word. */
const TYPING_PAUSE = 300;
/** Names seen so far, by value, shown beside what is chosen; for all dialogs of this page. */
const names = new Map<string, string>();
let pickers = 0;

/** What one open picker works with. */
interface Picker {
  readonly open: OpenDialog;
  readonly name: string;
  readonly field: Extract<Field, { kind: 'sheets' | 'columns' }>;
  readonly button: JQuery;
  readonly panel: JQuery;
  readonly search: JQuery;
  readonly status: JQuery;
  readonly list: JQuery;
  /** Whose columns are listed; a `columns` picker alone has it. */
  readonly sheet: JQuery | null;
}

/**
 * Puts a "Choose…" beside a field of sheets or columns. The field stays the plain text that it was: it can be typed
 * into, and works without any connection.
 */
export function addPicker(open: OpenDialog, name: string, field: Field): void {
  if (field.kind !== 'sheets' && field.kind !== 'columns') return;
  const input = inputOf(open, name);
  const row = input.closest('.form-row').addClass('billing-audit-picks');
  const id = `billing-audit-picker-${(pickers += 1)}`;
  const button = $('<button type="button" class="red-ui-button billing-audit-choose">')
    .attr({ 'aria-expanded': 'false', 'aria-controls': id })
    .attr('aria-label', open.words('choose.label', { field: open.words(`fields.${name}.label`) }))
    .text(open.words('choose.open'));
  const panel = $('<div class="billing-audit-picker" role="group" hidden>').attr({
    id,
    'aria-label': open.words('choose.label', { field: open.words(`fields.${name}.label`) }),
  });
  const chosen = $('<div class="billing-audit-hint billing-audit-chosen" aria-live="polite">');
  const anchor = row.find('.red-ui-typedInput-container').last();
  (anchor.length ? anchor : input).after(button);
  row.append(chosen, panel);
  const say = (): void => void chosen.text(spoken(valuesIn(open, name, field), field.kind));
  input.on('change input', say);
  button.on('click', () =>
    panel.prop('hidden') ? show({ open, name, field, button, panel }, say) : hide(button, panel),
  );
}

function show(base: Pick<Picker, 'open' | 'name' | 'field' | 'button' | 'panel'>, say: () => void): void {
  const { open, field, panel, button } = base;
  const search = $('<input type="search" class="billing-audit-search">').attr({
    placeholder: open.words('choose.search'),
    'aria-label': open.words('choose.search'),
  });
  const status = $('<div class="billing-audit-hint" role="status" aria-live="polite">');
  const list = $('<div class="billing-audit-choices">');
  const sheet = field.kind === 'columns' ? $('<select>').attr('aria-label', open.words('choose.sheet')) : null;
  const picker: Picker = { ...base, search, status, list, sheet };
  panel
    .empty()
    .append(...(sheet ? [sheet] : []), search, status, list)
    .prop('hidden', false);
  button.attr('aria-expanded', 'true').text(open.words('choose.close'));
  keys(picker);
  search.trigger('focus');
  void (sheet ? beginWithSheet(picker, sheet, say) : load(picker, say));
}

function hide(button: JQuery, panel: JQuery): void {
  panel.prop('hidden', true).empty();
  button.attr('aria-expanded', 'false').text(String(button.data('closed')));
}

/** Escape closes the list and not the whole dialog; the arrows go through it. */
function keys({ open, panel, search, button, list }: Picker): void {
  button.data('closed', open.words('choose.open'));
  panel.off('keydown').on('keydown', (event) => {
    if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      hide(button, panel);
      button.trigger('focus');
    }
    if (event.key === 'Enter') event.preventDefault();
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    const places = [
      search,
      ...list
        .find('input:visible:enabled')
        .get()
        .map((box) => $(box)),
    ];
    const at = places.findIndex((place) => place.is(':focus'));
    if (at < 0) return;
    event.preventDefault();
    places[at + (event.key === 'ArrowDown' ? 1 : -1)]?.trigger('focus');
  });
}

/** Columns are those of the sheets that the dialog names; where it names none, of one chosen here. */
async function beginWithSheet(picker: Picker, sheet: JQuery, say: () => void): Promise<void> {
  const named = sheetsOf(picker.open);
  if (named !== '') {
    sheet.remove();
    return load(picker, say, { sheets: named });
  }
  picker.search.prop('hidden', true);
  sheet.trigger('focus');
  const found = await ask(picker, { kind: 'sheets' });
  if (!found) return;
  sheet.append($('<option value="">').text(picker.open.words('choose.sheet')));
  for (const { value, label } of found.choices) sheet.append($('<option>').val(value).text(`${label} (${value})`));
  if (found.choices.length > 0) picker.status.text('');
  sheet.on('change', () => {
    picker.search.prop('hidden', false);
    void load(picker, say, { sheets: String(sheet.val() ?? '') });
  });
}

/** Fetches what there is to choose, draws it, and narrows it down as somebody types. */
async function load(picker: Picker, say: () => void, query: Readonly<Record<string, string>> = {}): Promise<void> {
  const { field, search, list } = picker;
  let pause: ReturnType<typeof setTimeout> | undefined;
  let asked = 0;
  let isCut = false;
  const fetchAll = async (text: string): Promise<void> => {
    const turn = (asked += 1);
    const found = await ask(picker, { kind: field.kind, ...query, ...(text && { search: text }) });
    if (!found || turn !== asked) return;
    isCut ||= found.total > found.choices.length;
    for (const { value, label } of found.choices) names.set(value, label);
    draw(picker, found, say);
    say();
    narrow(picker, found);
    search.off('input').on('input', () => {
      narrow(picker, found);
      clearTimeout(pause);
      // Of very many only a part was sent: the others are looked for where they are.
      if (isCut) {
        pause = setTimeout(() => void fetchAll(String(search.val() ?? '').trim()), TYPING_PAUSE);
      }
    });
  };
  list.empty();
  await fetchAll('');
}

async function ask(picker: Picker, query: Readonly<Record<string, string>>): Promise<Choices | null> {
  const { open, status, list } = picker;
  status.removeClass('billing-audit-failure').text(open.words('choose.loading'));
  const outcome = await askForChoices(open, query);
  if (outcome.ok) {
    status.text(outcome.choices.length === 0 && !query['search'] ? open.words(`choose.none.${query['kind']}`) : '');
    return outcome;
  }
  list.empty();
  status.addClass('billing-audit-failure').text(outcome.why);
  return null;
}

function draw(picker: Picker, { choices }: Choices, say: () => void): void {
  const { open, name, field, list } = picker;
  const chosen = new Set(valuesIn(open, name, field));
  const group = `${picker.panel.attr('id')}-one`;
  const boxes = choices.map((choice) => {
    // A comma parts two titles, so one that holds a comma cannot be written into the field.
    const cannot = choice.value.includes(',');
    const box = $(`<input type="${field.many ? 'checkbox' : 'radio'}">`)
      .attr('name', group)
      .val(choice.value)
      .prop({ checked: chosen.has(choice.value), disabled: cannot });
    box.on('change', () => {
      take(picker, choice.value, Boolean(box.prop('checked')));
      say();
    });
    const detail = cannot ? open.words('choose.comma') : choice.detail;
    return $('<label>')
      .attr('data-words', `${choice.label}\n${choice.detail}`.toLowerCase())
      .append(box, $('<span>').text(choice.label), ' ', $('<span class="billing-audit-detail">').text(detail));
  });
  list.empty().append(...boxes);
}

/** Shows what holds the search, and says how many there are. */
function narrow({ open, search, list, status, field }: Picker, { choices, total }: Choices): void {
  const text = String(search.val() ?? '')
    .trim()
    .toLowerCase();
  let shown = 0;
  list.children('label').each((_, label) => {
    const fits = String($(label).attr('data-words')).includes(text);
    $(label).toggle(fits);
    if (fits) shown += 1;
  });
  if (total === 0 && text === '') return;
  if (shown === 0) status.text(open.words('choose.nothing', { text }));
  else if (total > choices.length) status.text(open.words('choose.part', { shown, total }));
  else status.text(open.words(`choose.found.${field.kind}`, { shown, total }));
}

function take({ open, name, field }: Picker, value: string, isChosen: boolean): void {
  const before = valuesIn(open, name, field).filter((each) => each !== value);
  const after = !isChosen ? before : field.many ? [...before, value] : [value];
  const input = inputOf(open, name);
  const text = after.join(', ');
  if (field.expression) {
    input.typedInput('type', 'str');
    input.typedInput('value', text);
  } else input.val(text);
  input.trigger('change');
}

/** What the field holds; nothing while it holds an expression or a variable. */
function valuesIn(open: OpenDialog, name: string, field: Field): string[] {
  const input = inputOf(open, name);
  if (field.expression && input.typedInput('type') !== 'str') return [];
  const text = String((field.expression ? input.typedInput('value') : input.val()) ?? '');
  if (text.includes('${')) return [];
  return text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
}

/** Names for the ids that are known; a title is its own name. */
function spoken(values: readonly string[], kind: 'sheets' | 'columns'): string {
  if (kind === 'columns') return '';
  return values.flatMap((value) => (names.has(value) ? [`${names.get(value)} (${value})`] : [])).join(', ');
}

/** The ids in the dialog's own field of sheets, when it is in use. */
function sheetsOf(open: OpenDialog): string {
  for (const [name, field] of Object.entries(open.dialog.fields)) {
    if (field.kind !== 'sheets' || !inputOf(open, name).closest('.form-row').is(':visible')) continue;
    const values = valuesIn(open, name, field);
    if (values.length > 0) return values.join(',');
  }
  return '';
}
