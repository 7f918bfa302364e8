/**
 * Which change of a value makes the product find, tell or prove less than before.
 * `higher`, `lower`: a number, or the points of any factor; `fewer`: an entry of a list is gone; `emptied`: a value is
 * gone; `off`: yes became no; `wider`: hours cover more of the day; `changed`: any change; `order`: a step to the right.
 */
export type Weaker =
  'higher' | 'lower' | 'fewer' | 'emptied' | 'off' | 'wider' | 'changed' | { readonly order: readonly string[] };

/**
 * The kinds of field that a node's dialog can hold. A field is plain data: each host draws it in its own native way and
 * hands the node a value of the kind's type.
 */
interface Common<Kind extends string, Value> {
  readonly kind: Kind;
  readonly label: string;
  /** What a person sees under or beside the field; one sentence. */
  readonly hint?: string;
  readonly default: Value;
  readonly required?: boolean;
  /** The host offers its expressions here (Node-RED: msg, flow, global, env, jsonata; n8n: {{ }}). */
  readonly expression?: boolean;
  /** Shown under *More*. Without it the first six fields are shown and the rest go there. */
  readonly more?: boolean;
  /** Left empty, the value of this name in *Billing settings* is used, and the dialog shows which. */
  readonly setting?: string;
  /** Left empty (and without a *Billing settings* value), this environment variable is used. */
  readonly environment?: string;
  /** The change that weakens detection; without it none does, and a change is recorded as a change of configuration. */
  readonly weaker?: Weaker;
  /** Shown only while another field (options or boolean) has one of these values. */
  readonly showWhen?: { readonly field: string; readonly is: readonly (string | boolean)[] };
}

export interface Option {
  readonly value: string;
  readonly label: string;
  /** What it is about, in the singular ("Change"). A host that sorts operations by what they are about (n8n) shows it. */
  readonly about?: string;
}

/** Points for each risk factor, 0..100. */
export type Weights = Readonly<Record<string, number>>;

export interface StringField extends Common<'string', string> {
  readonly placeholder?: string;
  readonly pattern?: { readonly regex: string; readonly message: string };
}
export interface NumberField extends Common<'number', number | null> {
  readonly min?: number;
  readonly max?: number;
  readonly integer?: boolean;
  readonly unit?: string;
}
export type BooleanField = Common<'boolean', boolean>;
export interface OptionsField<Value extends string = string> extends Common<'options', Value> {
  readonly options: readonly Option[];
}
export interface MultiOptionsField extends Common<'multi-options', readonly string[]> {
  readonly options: readonly Option[];
}
/** Never leaves the host's credential store; only credentials may hold one. */
export type SecretField = Common<'secret', string>;
/** `HH:MM-HH:MM` in business time, empty = not set. */
export type HoursField = Common<'hours', string>;
export interface WeightsField extends Common<'weights', Weights> {
  /** Factor name to the label that people read. */
  readonly factors: Readonly<Record<string, string>>;
}
/** JSON text; the node gets the parsed value. */
export type JsonField = Common<'json', string>;
/** `every 60 s`, `every 5 min`, `02:00`, or `Mon 02:00`, in business time; empty = off. */
export type ScheduleField = Common<'schedule', string>;
/** One or more sheet ids as decimal strings, separated by commas. Hosts put a picker of names beside it. */
export interface SheetsField extends Common<'sheets', string> {
  readonly many: boolean;
}
/** Column titles, separated by commas. Hosts put a picker beside it. */
export interface ColumnsField extends Common<'columns', string> {
  readonly many: boolean;
}

export type Field =
  | StringField
  | NumberField
  | BooleanField
  | OptionsField
  | MultiOptionsField
  | SecretField
  | HoursField
  | WeightsField
  | JsonField
  | ScheduleField
  | SheetsField
  | ColumnsField;

export type FieldKind = Field['kind'];

/** The type that a node's code sees for a field. */
export type ValueOf<F extends Field> =
  F extends OptionsField<infer Value>
    ? Value
    : F extends NumberField
      ? number | null
      : F extends BooleanField
        ? boolean
        : F extends MultiOptionsField
          ? readonly string[]
          : F extends WeightsField
            ? Weights
            : F extends JsonField
              ? unknown
              : F extends SheetsField | ColumnsField
                ? readonly string[]
                : string;

export type Fields = Readonly<Record<string, Field>>;
export type Params<F extends Fields> = { readonly [Name in keyof F]: ValueOf<F[Name]> };

type Input<F extends Field> = Omit<F, 'kind' | 'default'> & { readonly default?: F['default'] };

export const string = (field: Input<StringField>): StringField => ({ default: '', ...field, kind: 'string' });
export const number = (field: Input<NumberField>): NumberField => ({ default: null, ...field, kind: 'number' });
export const boolean = (field: Input<BooleanField>): BooleanField => ({ default: false, ...field, kind: 'boolean' });
export const options = <const Value extends string>(
  field: Omit<OptionsField<Value>, 'kind' | 'options'> & {
    readonly options: readonly (Option & { readonly value: Value })[];
  },
): OptionsField<Value> => ({ ...field, kind: 'options' });
export const multiOptions = (field: Input<MultiOptionsField>): MultiOptionsField => ({
  default: [],
  ...field,
  kind: 'multi-options',
});
export const secret = (field: Input<SecretField>): SecretField => ({ default: '', ...field, kind: 'secret' });
export const hours = (field: Input<HoursField>): HoursField => ({ default: '', ...field, kind: 'hours' });
export const weights = (field: Omit<WeightsField, 'kind'>): WeightsField => ({ ...field, kind: 'weights' });
export const json = (field: Input<JsonField>): JsonField => ({ default: '', ...field, kind: 'json' });
export const schedule = (field: Input<ScheduleField>): ScheduleField => ({ default: '', ...field, kind: 'schedule' });
export const sheets = (field: Input<SheetsField>): SheetsField => ({ default: '', ...field, kind: 'sheets' });
export const columns = (field: Input<ColumnsField>): ColumnsField => ({ default: '', ...field, kind: 'columns' });
