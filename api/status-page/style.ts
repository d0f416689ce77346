/** Style of the status page. No web fonts and no pictures, so the page asks nothing of another origin. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #2a2622; --soft: #6f665d; --line: #e4ddd3; --paper: #fbf8f3; --card: #ffffff;
  --accent: #7a4b3a; --good: #2f6b45; --warn: #8a5a00; --bad: #a3322a; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #efe9e1; --soft: #b0a69a; --line: #3b3530; --paper: #1b1815; --card: #25211d; --accent: #e0a58c;
    --good: #86cfa1; --warn: #e6b655; --bad: #f0938a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
a { color: var(--accent); }
a:focus-visible, summary:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.house, header, main, footer { max-width: 84rem; margin: 0 auto; padding: 0 1.5rem; }
.house { display: flex; flex-wrap: wrap; justify-content: space-between; gap: .2rem 1.5rem; padding-top: .9rem; font-size: .92rem; }
.house b { font: 600 1rem/1.6 Georgia, serif; color: var(--accent); }
.house span { display: flex; gap: 1.1rem; }
header { padding-top: .8rem; }
header h1 { margin: .9rem 0 0; font: 600 1.9rem/1.2 Georgia, serif; }
.organizations { display: flex; flex-wrap: wrap; gap: .2rem .4rem; border-bottom: 1px solid var(--line); }
.organizations a { padding: .45rem .8rem; border-bottom: 3px solid transparent; color: var(--soft); text-decoration: none; }
.organizations a:hover { border-color: var(--line); color: var(--ink); }
.organizations a[aria-current] { color: var(--ink); border-color: var(--accent); font-weight: 600; }
h2 { font: 600 1.2rem/1.3 Georgia, serif; margin: 1.8rem 0 .6rem; }
.numbers { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.1rem 0 0; padding: 0; list-style: none; }
.numbers li { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .6rem 1rem; min-width: 8rem; }
.numbers b { display: block; font: 600 1.6rem/1.2 Georgia, serif; font-variant-numeric: tabular-nums; }
.numbers .calls { border-color: var(--warn); }
.numbers .calls b { color: var(--warn); }
.beside { display: grid; gap: 0 1.5rem; }
.beside > section { min-width: 0; }
@media (min-width: 72rem) { .beside { grid-template-columns: minmax(0, 7fr) minmax(0, 5fr); } }
.table { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
.table:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; font-size: .94rem; }
th, td { text-align: left; padding: .5rem .8rem; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody tr:last-child td { border-bottom: 0; }
th { font-weight: 600; color: var(--soft); white-space: nowrap; font-size: .88rem; }
td b { font-weight: 600; }
td.when { white-space: nowrap; font-variant-numeric: tabular-nums; }
td.why { min-width: 11rem; }
small, .soft, .kind { color: var(--soft); }
small { font-size: .87rem; }
.kind { font-size: .8rem; border: 1px solid var(--line); border-radius: .3rem; padding: 0 .35rem; white-space: nowrap; }
.soon { color: var(--good); font-weight: 600; }
code { font: .88em ui-monospace, monospace; }
/* On a telephone a row is a card: nothing has to be scrolled sideways. */
@media (max-width: 40rem) {
  table, tbody, tr, td { display: block; }
  thead { position: absolute; clip-path: inset(50%); }
  tr { padding: .5rem 0; border-bottom: 1px solid var(--line); }
  td { border-bottom: 0; padding: .15rem .8rem; }
}
@media (max-width: 40rem) { .house, header, main, footer { padding-left: 1rem; padding-right: 1rem; } .numbers li { flex: 1 1 7rem; min-width: 0; } }
.state { display: inline-block; border-radius: 1rem; padding: 0 .6rem; border: 1px solid currentColor; font-size: .84rem; white-space: nowrap; }
.planned, .waiting, .queued, .sending, .active, .pending { color: var(--soft); }
.done, .sent, .delivered, .completed { color: var(--good); }
.held, .unknown, .paused, .retry { color: var(--warn); }
.failed, .bounced { color: var(--bad); }
.skipped, .will_skip, .not_taken, .stopped { color: var(--soft); border-style: dashed; }
.conversation { list-style: none; margin: 1.1rem 0 0; padding: 0; display: grid; gap: .9rem; }
.conversation li { background: var(--card); border: 1px solid var(--line); border-radius: .8rem; padding: .7rem 1rem; max-width: 46rem; min-width: 0; }
.conversation .outbound { justify-self: end; border-bottom-right-radius: .15rem; }
.conversation .inbound { justify-self: start; border-bottom-left-radius: .15rem; border-color: var(--accent); }
.conversation p { margin: 0 0 .3rem; font-size: .88rem; }
.conversation h2 { margin: .2rem 0 .4rem; font-size: 1.05rem; }
.words { white-space: pre-wrap; overflow-wrap: anywhere; }
section > .words { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem; }
.mail { width: 100%; height: 34rem; background: #fff; border: 1px solid var(--line); border-radius: .6rem; }
a.kind { color: var(--accent); }
.empty { padding: 1rem; color: var(--soft); }
footer { padding-top: 2rem; padding-bottom: 3rem; color: var(--soft); font-size: .9rem; }
`;
