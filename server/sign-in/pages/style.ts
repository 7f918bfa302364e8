/** The one style sheet of these pages. Colours reach 4.5:1 on both grounds; every state is said in words as well. */
export const style = `
:root {
  --ground: #f3f5f8; --paper: #ffffff; --ink: #17202c; --soft: #566274; --line: #d5dce6;
  --accent: #0b5cad; --accent-ink: #ffffff; --good: #e5f4ea; --good-ink: #14532d; --bad: #fdeaea; --bad-ink: #8c1d18;
  --field: #ffffff; --mark: #e3edf9; --practice: #ffe2a0; --practice-ink: #4a3200;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #10151c; --paper: #1a212b; --ink: #e8edf4; --soft: #a3b0c2; --line: #384454;
    --accent: #7db8f5; --accent-ink: #0c1a2a; --good: #153324; --good-ink: #b9e8c9; --bad: #43201f; --bad-ink: #ffc9c4;
    --field: #121922; --mark: #24384f; --practice: #4a3a10; --practice-ink: #ffe2a0;
  }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 1rem; }
h2 { font-size: 1.1rem; margin: 0 0 .5rem; }
p { margin: 0 0 .75rem; }
a { color: var(--accent); }
a, button, input, select { border-radius: 6px; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.fine { color: var(--soft); font-size: .9rem; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.brand { display: flex; align-items: center; gap: .5rem; margin: 0; font-weight: 650; color: var(--accent); }
.brand span { color: var(--ink); }

.card { width: min(26rem, calc(100% - 2rem)); margin: 12vh auto 2rem; padding: 2rem; background: var(--paper);
  border: 1px solid var(--line); border-radius: 12px; box-shadow: 0 8px 30px rgb(10 25 45 / 8%); }
.card .brand { margin-bottom: 1.5rem; }
.card > .fine { margin: 1.25rem 0 0; }
.ways { display: flex; flex-wrap: wrap; gap: 1.25rem; margin-top: 1.25rem; }

.bar { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1.75rem; padding: .7rem 1.5rem;
  background: var(--paper); border-bottom: 1px solid var(--line); }
.bar nav { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; flex: 1; }
.bar nav a { padding: .5rem 0; text-decoration: none; }
.bar nav a:hover { text-decoration: underline; }
.bar nav a[aria-current] { color: var(--ink); font-weight: 600; box-shadow: inset 0 -2px var(--accent); border-radius: 0; }
.who { display: flex; align-items: center; gap: .9rem; }
.who small { color: var(--soft); }
.practice { background: var(--practice); color: var(--practice-ink); border-radius: 1rem; padding: .15rem .75rem; font-size: .9rem; white-space: nowrap; }
.tally { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: 0; padding: 0; list-style: none; }
.sheet { width: min(64rem, calc(100% - 2rem)); margin: 2rem auto; }
section { background: var(--paper); border: 1px solid var(--line); border-radius: 12px; padding: 1.5rem; margin-bottom: 1.25rem; }

.stack { display: grid; gap: 1rem; }
.stack p { margin: 0; }
.narrow { max-width: 26rem; }
.inline { display: flex; flex-wrap: wrap; align-items: end; gap: .75rem; }
label { display: grid; gap: .3rem; font-weight: 550; font-size: .95rem; }
input, select { font: inherit; font-weight: 400; color: inherit; width: 100%; min-height: 2.75rem; padding: .45rem .7rem; background: var(--field);
  border: 1px solid #7b8898; }
::placeholder { color: var(--soft); opacity: 1; }
select { width: auto; }
.checks { display: grid; gap: .2rem; max-height: 15rem; overflow: auto; margin: 0; padding: .4rem .8rem .6rem; border: 1px solid var(--line); border-radius: 8px; }
.checks legend { font-weight: 550; font-size: .95rem; padding: 0 .3rem; }
.check { display: flex; align-items: center; gap: .6rem; font-weight: 400; min-height: 2rem; overflow-wrap: anywhere; }
.check input { width: auto; min-height: 0; flex: none; }
details summary { cursor: pointer; padding: .3rem 0; color: var(--accent); }
details[open] summary { margin-bottom: .6rem; }
td select { min-height: 2.5rem; padding-block: .3rem; }
button { font: inherit; font-weight: 550; min-height: 2.75rem; padding: .4rem 1.2rem; cursor: pointer; white-space: nowrap;
  border: 1px solid var(--accent); }
.main { background: var(--accent); color: var(--accent-ink); }
.main:hover { filter: brightness(1.08); }
.quiet { background: transparent; color: var(--accent); min-height: 2.5rem; padding: .3rem .9rem; }
.quiet:hover { background: var(--mark); }
.narrow .main { justify-self: start; }

.message { padding: .9rem 1.1rem; border-radius: 8px; margin-bottom: 1.25rem; }
.message p:last-child { margin: 0; }
.good { background: var(--good); color: var(--good-ink); }
.bad { background: var(--bad); color: var(--bad-ink); }
.secret { display: flex; flex-wrap: wrap; align-items: baseline; gap: .4rem .9rem; }
.codes { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: .4rem 1.5rem; padding: 0; margin: 0 0 1rem; list-style: none; }
.codes code { font: 600 1.05rem/1.6 ui-monospace, "Cascadia Mono", Consolas, monospace; }
.secret code { font: 600 1.15rem/1.4 ui-monospace, "Cascadia Mono", Consolas, monospace; user-select: all; overflow-wrap: anywhere; }

table { width: 100%; border-collapse: collapse; }
th { text-align: left; font-size: .85rem; font-weight: 600; color: var(--soft); padding: .4rem .75rem .4rem 0; }
td { padding: .6rem .75rem .6rem 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
/* What reads wrong when it is broken: a column gives it room, and only a screen that is narrower breaks it. */
.whole { min-width: 0; overflow-wrap: break-word; }
td.act { text-align: right; padding-right: 0; }
td.act form { display: inline-block; margin-left: .4rem; }
mark { display: inline-block; background: var(--mark); color: inherit; border-radius: 999px; padding: 0 .6rem; font-size: .82rem; }
.under { margin: 1rem 0 0; }
mark.off { background: var(--bad); color: var(--bad-ink); }
.roles { display: grid; gap: .15rem; margin: 1.1rem 0 0; }
.roles div { display: flex; gap: .6rem; }
.roles dt { font-weight: 600; min-width: 4.5rem; }
.roles dd { margin: 0; }

@media (max-width: 720px) {
  .card { margin-top: 1.5rem; padding: 1.5rem; }
  .bar { padding: .6rem 1rem; gap: .25rem 1rem; }
  .bar .who { gap: .6rem; }
  .who span { max-width: 7.5rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .who small { display: none; }
  .bar .brand { flex: 1; white-space: nowrap; }
  .bar nav { order: 3; flex-basis: 100%; display: grid; grid-template-columns: repeat(3, max-content); gap: 0 1.75rem; font-size: .93rem; }
  .who { margin-left: auto; }
  section { padding: 1.1rem; }
  table, tbody, tr, td { display: block; }
  thead { display: none; }
  tr { padding: .75rem 0; border-top: 1px solid var(--line); }
  tr:first-child { border-top: 0; padding-top: 0; }
  td { display: flex; align-items: center; gap: .75rem; padding: .25rem 0; border: 0; }
  td[data-label]::before { content: attr(data-label); flex: 0 0 5.5rem; color: var(--soft); font-size: .85rem; font-weight: 600; }
  td.act { margin-top: .4rem; gap: .6rem; flex-wrap: wrap; }
  td.act form { margin: 0; }
  form.inline:not(td form) label { flex: 1 1 9rem; }
  form.inline select { width: 100%; }
  td form.inline { flex: 1; flex-wrap: nowrap; align-items: center; }
  td select { flex: 1; min-width: 0; }
}
`;
