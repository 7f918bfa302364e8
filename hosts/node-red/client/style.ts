const ID = 'billing-audit-style';

/** Uses the editor's own colours, so that it fits its light and its dark theme. */
const CSS = `
.form-row.billing-audit-field { display: flow-root; }
.form-row.billing-audit-field > label { float: left; margin-right: 4px; padding-top: 6px; line-height: 1.3; }
.billing-audit-hint { color: var(--red-ui-tertiary-text-color, #777); font-size: 12px; line-height: 1.35; max-width: 440px; }
.billing-audit-field > input[type=checkbox] { width: auto; margin: 6px 0 0; }
.billing-audit-field > select { width: 70%; }
.billing-audit-field > .red-ui-typedInput-container { width: 70% !important; }
.billing-audit-field > .billing-audit-hint, .billing-audit-choice > .billing-audit-hint { margin: 2px 0 0 105px; }
.billing-audit-field > .billing-audit-beside { margin: 2px 0 0 105px; min-height: 1.35em; }
.billing-audit-unit { margin-left: 4px; }
.billing-audit-more { margin: 4px 0 12px; border-top: 1px solid var(--red-ui-secondary-border-color, #ddd); }
.billing-audit-more > summary { cursor: pointer; padding: 8px 0; font-weight: 500; }
.billing-audit-ticks { display: inline-block; width: 70%; }
.form-row.billing-audit-field .billing-audit-ticks label { display: block; width: auto; }
.billing-audit-ticks input[type=checkbox] { width: auto; margin: 0 6px 2px 0; }
.billing-audit-points { display: inline-table; width: 70%; }
.billing-audit-points td { padding: 1px 8px 1px 0; }
.form-row.billing-audit-field .billing-audit-points label { width: auto; margin: 0; }
.billing-audit-points input[type=number] { width: 70px; margin: 0; }
.billing-audit-try { margin-top: 14px; }
.billing-audit-sides { display: flex; flex-wrap: wrap; gap: 12px; margin-top: 8px; }
.billing-audit-side { flex: 1 1 180px; min-width: 0; }
.billing-audit-side h4 { margin: 0 0 4px; font-size: 13px; }
.billing-audit-side h5 { margin: 0 0 2px; font-size: 12px; font-weight: 500; }
textarea.billing-audit-example, .billing-audit-result {
  box-sizing: border-box; width: 100%; height: 280px; margin: 0; overflow: auto; resize: vertical;
  font: 12px/1.4 var(--red-ui-monospace-font, monospace); white-space: pre;
}
.billing-audit-result {
  padding: 6px 8px; border: 1px solid var(--red-ui-form-input-border-color, #ccc); border-radius: 4px;
  background: var(--red-ui-form-input-background, #fff); white-space: normal;
}
.billing-audit-result pre { margin: 0 0 8px; padding: 0; border: 0; background: none; color: inherit; font: inherit; }
.billing-audit-busy { opacity: 0.5; }
.billing-audit-failure { color: var(--red-ui-text-color-error, #910000); white-space: normal; }
.billing-audit-actions { display: flex; align-items: center; gap: 10px; margin-top: 8px; }
.billing-audit-picks > input[type=text] { width: calc(70% - 92px); }
.billing-audit-picks > .red-ui-typedInput-container { width: calc(70% - 92px) !important; }
.billing-audit-picks > .billing-audit-choose { width: 84px; margin-left: 8px; vertical-align: top; }
.billing-audit-chosen:empty { display: none; }
.billing-audit-chosen { margin: 2px 0 0 105px; overflow-wrap: anywhere; }
.billing-audit-picker {
  width: 70%; box-sizing: border-box; margin: 6px 0 0 105px; padding: 8px;
  border: 1px solid var(--red-ui-form-input-border-color, #ccc); border-radius: 4px;
}
.billing-audit-picker[hidden], .billing-audit-picker [hidden] { display: none; }
.form-row .billing-audit-picker > input[type=search], .form-row .billing-audit-picker > select {
  box-sizing: border-box; width: 100%; margin: 0 0 6px;
}
.billing-audit-picker > .billing-audit-hint:empty { display: none; }
.billing-audit-picker > .billing-audit-failure { color: var(--red-ui-text-color-error, #910000); }
.billing-audit-choices { max-height: 180px; margin-top: 4px; overflow-y: auto; }
.form-row .billing-audit-choices label { display: block; width: auto; margin: 0; padding: 3px 2px; cursor: pointer; }
.form-row .billing-audit-choices label:focus-within { outline: 2px solid var(--red-ui-form-input-focus-color, #5b9bd5); outline-offset: -2px; }
.form-row .billing-audit-choices input { width: auto; margin: 0 6px 2px 0; }
.billing-audit-detail { color: var(--red-ui-tertiary-text-color, #777); font-size: 12px; }
`;

export function addStyle(): void {
  if (!document.getElementById(ID)) $('<style>').attr('id', ID).text(CSS).appendTo('head');
}
