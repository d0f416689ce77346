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
header, main, footer { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 1.5rem; }
header h1 { margin: 0; font: 600 1.7rem/1.2 Georgia, serif; }
nav { display: flex; flex-wrap: wrap; gap: .4rem .9rem; margin: .7rem 0 0; padding: 0; list-style: none; }
nav a[aria-current] { font-weight: 650; text-decoration-thickness: 3px; }
h2 { font: 600 1.2rem/1.3 Georgia, serif; margin: 2rem 0 .6rem; }
.numbers { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.2rem 0 0; padding: 0; list-style: none; }
.numbers li { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .6rem 1rem; min-width: 8rem; }
.numbers b { display: block; font: 600 1.5rem/1.2 Georgia, serif; }
.table { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
table { border-collapse: collapse; width: 100%; font-size: .94rem; }
th, td { text-align: left; padding: .5rem .8rem; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody tr:last-child td { border-bottom: 0; }
th { font-weight: 600; color: var(--soft); white-space: nowrap; }
td.when { white-space: nowrap; font-variant-numeric: tabular-nums; }
small, .soft { color: var(--soft); }
.state { display: inline-block; border-radius: 1rem; padding: 0 .6rem; border: 1px solid currentColor; font-size: .84rem; white-space: nowrap; }
.planned, .waiting, .queued, .sending, .active, .pending { color: var(--soft); }
.done, .sent, .delivered, .completed { color: var(--good); }
.held, .unknown, .paused, .retry { color: var(--warn); }
.failed, .bounced { color: var(--bad); }
.skipped, .will_skip, .not_taken, .stopped { color: var(--soft); border-style: dashed; }
.empty { padding: 1rem; color: var(--soft); }
footer { padding-top: 2rem; padding-bottom: 3rem; color: var(--soft); font-size: .9rem; }
`;
