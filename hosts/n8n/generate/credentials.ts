import { smartsheet } from '../../../credentials/smartsheet';
import { string, secret, type Field, type Fields } from '../../../lib/define';
import { defaultSettings } from '../../../lib/settings';
import { billingSettings } from '../../../nodes/billing-settings';
import { SMARTSHEET_CREDENTIAL, STORE_CREDENTIAL } from '../names';
import { propertiesOf, type Property } from './properties';
import { described } from './words';

/** A credential type as n8n shows it; `authenticate` and `test` are literal data that n8n carries out. */
export interface N8nCredential {
  readonly className: string;
  readonly name: string;
  readonly displayName: string;
  /** Whose icon it has: a folder of `nodes/`. */
  readonly folder: string;
  readonly properties: readonly Property[];
  readonly headers: Readonly<Record<string, string>>;
  readonly test: Readonly<Record<string, unknown>>;
}

const NO_PICKERS = { sheets: '', columns: '' };
const DEFAULT_BASE = 'https://api.smartsheet.com/2.0/';

/** All that is set once for every node of a workflow: where the store is, and the *Billing settings*. */
const storeFields: Fields = {
  address: string({
    label: 'Address',
    hint: 'Of a Billing Audit server (http://127.0.0.1:1880) or of a Supabase project',
    placeholder: 'https://project.supabase.co',
    required: true,
  }),
  apiKey: secret({
    label: 'API Key',
    hint: 'The service key: of a server in keys/service.key of its home, of Supabase under Project Settings > API Keys',
    required: true,
  }),
};

export const n8nCredentials: readonly N8nCredential[] = [
  {
    className: 'BillingAuditSmartsheetApi',
    name: SMARTSHEET_CREDENTIAL,
    displayName: 'Billing Audit: Smartsheet API',
    folder: 'smartsheet-trigger',
    properties: [
      plain('Access Token', 'token', {
        typeOptions: { password: true },
        default: '',
        required: true,
        description: described('In Smartsheet: Personal Settings > API Access'),
      }),
      plain('API Address', 'base', {
        default: DEFAULT_BASE,
        description: described(smartsheet.fields.base.hint ?? '').replace(
          /^Only for other regions.*$/,
          'Another one only for other regions',
        ),
      }),
    ],
    headers: { Authorization: '=Bearer {{$credentials.token}}' },
    test: { baseURL: '={{$credentials.base}}', url: 'users/me' },
  },
  {
    className: 'BillingAuditStoreApi',
    name: STORE_CREDENTIAL,
    displayName: 'Billing Audit: Store API',
    folder: 'audit-trail',
    properties: [...propertiesOf(storeFields, NO_PICKERS).map(credentialProperty), ...settingProperties()],
    headers: { apikey: '={{$credentials.apiKey}}', Authorization: '=Bearer {{$credentials.apiKey}}' },
    test: {
      baseURL: '={{$credentials.address}}',
      url: '/rest/v1/rpc/billing_audit_counts',
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: { p: {} },
    },
  },
];

function plain(displayName: string, name: string, rest: Property): Property {
  return { displayName, name, type: 'string', ...rest };
}

function credentialProperty({ noDataExpression: _, ...rest }: Property): Property {
  return rest;
}

/**
 * n8n has no place for values that nodes share but a credential; what a node leaves out is taken from here. A credential's
 * form knows no collection to which options are added, so all are shown.
 */
function settingProperties(): readonly Property[] {
  const all = billingSettings.fields as Fields;
  return Object.entries(all).map(([name, { label, hint, ...field }]) => {
    const preset = (defaultSettings as unknown as Record<string, unknown>)[name];
    const asked = { label, ...(hint && { hint }) };
    const shown: Field =
      field.kind === 'number' && typeof preset === 'number'
        ? { ...field, ...asked, default: preset, more: false }
        : { ...asked, kind: 'string', default: typeof preset === 'string' ? preset : '', ...placeholderOf(field) };
    const [shape = {}] = propertiesOf({ [name]: shown }, NO_PICKERS);
    return credentialProperty(shape);
  });
}

function placeholderOf(field: object): { readonly placeholder?: string } {
  return 'placeholder' in field ? { placeholder: String(field.placeholder) } : {};
}
