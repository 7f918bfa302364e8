import type { Dialog } from '../editor/dialog';

/** What this code uses of Node-RED's editor; its own type package describes an older one. */
export interface NodeRedEditor {
  readonly nodes: { node(id: string): EditedNode | null };
}

/** A node as its dialog sees it: saved values by name, and the words of its catalogue. */
export interface EditedNode {
  readonly id: string;
  [property: string]: unknown;
  _?(key: string, facts?: Readonly<Record<string, string | number>>): string;
}

export interface TypedInputType {
  readonly value: string;
  readonly label?: string;
  readonly icon?: string;
  readonly options?: readonly { readonly value: string; readonly label: string }[];
  readonly hasValue?: boolean;
  readonly validate?: (value: string) => boolean;
}

export interface TypedInputOptions {
  readonly types: readonly (string | TypedInputType)[];
  readonly typeField?: string;
}

/** jQuery with Node-RED's widget on it. */
export type WithTypedInput = JQuery & {
  typedInput(options: TypedInputOptions): JQuery;
  typedInput(name: 'value' | 'type'): string;
  typedInput(name: 'width' | 'type' | 'value', value: string): void;
};

/** An open dialog. */
export interface OpenDialog {
  readonly dialog: Dialog;
  readonly node: EditedNode;
  /** `node-input` or `node-config-input`. */
  readonly prefix: string;
  readonly form: JQuery;
  readonly words: (key: string, facts?: Readonly<Record<string, string | number>>) => string;
}

export function inputOf({ prefix, form }: OpenDialog, name: string): WithTypedInput {
  return form.find(`[id="${prefix}-${name}"]`) as WithTypedInput;
}

export function editor(): NodeRedEditor {
  return (window as unknown as { readonly RED: NodeRedEditor }).RED;
}
