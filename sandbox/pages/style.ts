/** One small style for all pages: system fonts, light and dark, tables that become cards on a phone. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1d2733; --soft: #5b6775; --line: #dbe1e8; --paper: #fff; --ground: #f4f6f8;
  --mark: #fff4c9; --link: #0b5cad; --warn: #7a4b00; --warn-ground: #ffefcf; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ebf1; --soft: #a3afbc; --line: #36424f; --paper: #1b232c;
  --ground: #12181f; --mark: #4a3f12; --link: #7db8f5; --warn: #ffd891; --warn-ground: #43320f; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, "Segoe UI", Roboto, sans-serif; }
.banner { margin: 0; padding: .5rem 1rem; background: var(--warn-ground); color: var(--warn); text-align: center; font-size: .9rem; }
main { max-width: 96rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: .5rem 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 1.75rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1rem 0 .35rem; }
nav { font-size: .9rem; color: var(--soft); }
a { color: var(--link); }
.facts { color: var(--soft); margin: 0 0 1rem; }
.empty { background: var(--paper); border: 1px dashed var(--line); border-radius: .5rem; padding: 1.5rem; text-align: center; }
.scroll { overflow-x: auto; background: var(--paper); border: 1px solid var(--line); border-radius: .5rem; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { padding: .5rem .75rem; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; }
th { font-weight: 600; color: var(--soft); font-size: .85rem; vertical-align: bottom; }
td { min-width: 4.5rem; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
tr.chosen td { background: var(--mark); }
.pairs { max-width: 48rem; }
.pairs td:first-child { width: 40%; color: var(--soft); }
tr.chosen td:first-child { box-shadow: inset 4px 0 0 var(--warn); }
.nothing { color: var(--soft); }
.pages { display: flex; gap: 1rem; align-items: center; justify-content: space-between; margin: 1rem 0; }
@media (max-width: 40rem) {
  .scroll { background: none; border: 0; overflow: visible; }
  table, tbody, tr, td { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { background: var(--paper); border: 1px solid var(--line); border-radius: .5rem; margin-bottom: .75rem; padding: .35rem 0; }
  tr.chosen { background: var(--mark); border-color: var(--warn); border-width: 2px; }
  tr.chosen td { background: none; box-shadow: none !important; }
  td { border: 0; padding: .2rem .9rem; display: flex; justify-content: space-between; gap: 1rem; }
  td > :last-child { text-align: right; overflow-wrap: anywhere; }
  td.number { text-align: right; }
  .pairs { background: var(--paper); border: 1px solid var(--line); }
  .pairs tr { display: flex; border: 0; margin: 0; padding: .15rem 0; }
  .pairs td { flex: 1 1 60%; }
  .pairs td:first-child { flex: 0 0 40%; }
  .pairs td::before { content: none !important; }
  .pairs td > :last-child { text-align: left; }
  td::before { content: attr(data-title); color: var(--soft); flex: 0 0 40%; text-align: left; }
}
`;
