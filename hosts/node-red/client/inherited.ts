import { isEmpty, isEnvironmentReference } from '../../../lib/fields';
import { SETTINGS_PROPERTY } from '../names';
import { editor, inputOf, type OpenDialog } from './editor-api';

interface InForce {
  readonly values: Readonly<Record<string, unknown>>;
  readonly origins: Readonly<Record<string, 'billing-settings' | 'environment' | 'default'>>;
}

/** Says in each empty field which value applies, and where it comes from; again when other settings are chosen. */
export function showInherited(open: OpenDialog): void {
  const chooser = inputOf(open, SETTINGS_PROPERTY);
  const refresh = (): void => {
    const chosen = chosenSettings(String(chooser.val() ?? ''));
    $.getJSON('billing-audit/settings-in-force', chosen ? { id: chosen } : {})
      .done((inForce: InForce) => show(open, inForce, chosen))
      .fail(() => show(open, { values: {}, origins: {} }, chosen));
  };
  chooser.on('change', refresh);
  refresh();
}

/** Node-RED's chooser holds `_ADD_` while no settings exist or none are chosen. */
function chosenSettings(value: string): string {
  return value === '_ADD_' || value === 'null' ? '' : value;
}

function show(open: OpenDialog, { values, origins }: InForce, chosen: string): void {
  const drawn = chosen ? editor().nodes.node(chosen) : null;
  for (const [name, field] of Object.entries(open.dialog.fields)) {
    if (!field.setting) {
      if (field.environment && field.kind !== 'boolean')
        tell(open, name, open.words('from.variable', { name: field.environment }));
      continue;
    }
    // Settings that were changed but not deployed yet are what the node will get.
    const own = drawn?.[field.setting];
    const undeployed = !isEmpty(own) && !isEnvironmentReference(own);
    const value = undeployed ? own : values[field.setting];
    if (value === undefined) continue;
    const origin = undeployed ? 'billing-settings' : (origins[field.setting] ?? 'default');
    tell(open, name, open.words(`from.${origin}`, { value: textOf(value) }));
  }
}

function tell(open: OpenDialog, name: string, text: string): void {
  const input = inputOf(open, name);
  input.attr('placeholder', text);
  input.closest('.form-row').find('.red-ui-typedInput-input').attr('placeholder', text);
  input.find('option[value=""]').text(text);
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.join(', ');
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .map(([name, each]) => `${name} = ${String(each)}`)
      .join(', ');
  }
  return String(value);
}
