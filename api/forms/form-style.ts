/** Style of a couple's form: phone first, large targets, dark mode, no font or picture from elsewhere. */
export const FORM_STYLE = `
:root { color-scheme: light dark; --ink: #2a2622; --soft: #665d54; --line: #8f857a; --paper: #fbf8f3; --card: #ffffff;
  --accent: #7a4b3a; --on-accent: #ffffff; --bad: #a3322a; --good: #2f6b45; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #efe9e1; --soft: #b9afa3; --line: #85796d; --paper: #1b1815; --card: #25211d; --accent: #e0a58c;
    --on-accent: #1b1815; --bad: #f0938a; --good: #86cfa1; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 17px/1.5 system-ui, sans-serif; }
main { max-width: 38rem; margin: 0 auto; padding: 1.25rem 1rem 4rem; }
.from { color: var(--soft); margin: 0; }
h1 { font: 600 1.7rem/1.2 Georgia, serif; margin: .2rem 0 1rem; overflow-wrap: anywhere; }
h2 { font: 600 1.15rem/1.3 Georgia, serif; margin: 0 0 .4rem; }
p { white-space: pre-line; overflow-wrap: anywhere; }
.field { margin: 0 0 1.5rem; padding: 0; border: 0; min-width: 0; }
label, legend { display: block; font-weight: 600; margin-bottom: .25rem; padding: 0; overflow-wrap: anywhere; }
.optional { font-weight: 400; color: var(--soft); }
.help { color: var(--soft); margin: 0 0 .35rem; }
input:not([type=radio]):not([type=checkbox]), textarea, select { width: 100%; font: inherit; color: inherit;
  background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .65rem .75rem; min-height: 3rem; }
textarea { min-height: 8rem; resize: vertical; }
.option { display: flex; gap: .7rem; align-items: center; font-weight: 400; min-height: 2.75rem; margin: 0; }
.option input { width: 1.35rem; height: 1.35rem; flex: none; accent-color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.wrong { color: var(--bad); margin: .3rem 0 0; font-weight: 600; }
[aria-invalid=true] { border: 2px solid var(--bad) !important; }
fieldset[aria-invalid=true] { border-radius: .5rem; padding: .2rem .75rem .6rem !important; }
.summary { border: 2px solid var(--bad); border-radius: .5rem; padding: .8rem 1rem; margin: 0 0 1.5rem; }
.summary ul { margin: 0; padding-left: 1.2rem; }
.summary a { color: var(--bad); }
.notice { border: 2px solid var(--good); border-radius: .5rem; padding: .8rem 1rem; margin: 0 0 1.5rem; }
.statement { background: var(--card); border-left: 4px solid var(--line); padding: .6rem .9rem; margin: 0 0 .6rem; }
.buttons { display: flex; flex-direction: column; gap: .75rem; }
button { font: inherit; font-weight: 600; min-height: 3.1rem; border-radius: .5rem; padding: .6rem 1.2rem; cursor: pointer;
  border: 1px solid var(--accent); background: transparent; color: var(--accent); }
button.main { background: var(--accent); color: var(--on-accent); }
dt { font-weight: 600; margin-top: 1rem; overflow-wrap: anywhere; }
dd { margin: 0; white-space: pre-line; overflow-wrap: anywhere; }
@media (min-width: 34rem) { .buttons { flex-direction: row; } }
`;
