/** The style sheet of the inspector's page: light and dark, one column on a phone. */

export const PAGE_STYLE = `
:root { color-scheme: light dark; --paper: #f6f7f8; --card: #fff; --ink: #1d2530; --soft: #566170;
  --line: #d9dee4; --accent: #1558b0; --fine: #1b6e45; --note: #8a5a00; --alarm: #b3261e; --bar: #e4e8ed; }
@media (prefers-color-scheme: dark) { :root { --paper: #12161b; --card: #1b2129; --ink: #e6eaef;
  --soft: #a2adba; --line: #313a45; --accent: #8ab8ff; --fine: #7fd3a6; --note: #f0c36d;
  --alarm: #ff9d95; --bar: #2a323c; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); overflow-wrap: anywhere;
  font: 0.95rem/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; }
header { display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem; align-items: baseline;
  padding: 1rem clamp(1rem, 4vw, 2rem); background: var(--card); border-bottom: 1px solid var(--line); }
header p { margin: 0; flex: 1; color: var(--soft); }
h1 { margin: 0; font-size: 1.25rem; } h2 { margin: 0 0 0.75rem; font-size: 1.05rem; }
h3 { margin: 1rem 0 0; font-size: 0.95rem; } p:empty, ul:empty { display: none; } p { margin: 0.5rem 0; }
main { display: grid; gap: 1rem; padding: 1rem clamp(1rem, 4vw, 2rem) 3rem; max-width: 78rem;
  margin: 0 auto; grid-template-columns: repeat(2, minmax(0, 1fr)); }
@media (max-width: 52rem) { main { grid-template-columns: minmax(0, 1fr); } }
section { min-width: 0; padding: 1rem 1.25rem; background: var(--card); border: 1px solid var(--line);
  border-radius: 0.6rem; }
section.wide { grid-column: 1 / -1; }
code, pre, textarea, td.value, #name { font: 0.85rem/1.5 ui-monospace, 'SF Mono', Menlo, Consolas, monospace; }
pre { margin: 0.5rem 0 0; white-space: pre-wrap; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.25rem 1rem; margin: 0.75rem 0; }
dt { color: var(--soft); } dd { margin: 0; }
.scroll { position: relative; overflow-x: auto; } table { width: 100%; overflow-wrap: normal; border-collapse: collapse; }
th, td { padding: 0.4rem 0.75rem 0.4rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 500; } th, td.number, td button { white-space: nowrap; } td.value { overflow-wrap: anywhere; }
button { font: inherit; padding: 0.3rem 0.8rem; color: var(--accent); background: transparent;
  border: 1px solid currentcolor; border-radius: 0.4rem; cursor: pointer; }
button:hover { background: var(--bar); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
textarea { width: 100%; padding: 0.5rem; color: inherit; background: var(--paper);
  border: 1px solid var(--soft); border-radius: 0.4rem; }
form button { margin-top: 0.5rem; }
label { color: var(--soft); }
fieldset { display: flex; flex-wrap: wrap; gap: 0.5rem 1.25rem; align-items: center; margin: 0 0 0.75rem;
  padding: 0; border: 0; }
.meter { margin: 0.75rem 0; } .meter p { display: flex; justify-content: space-between; gap: 1rem; margin: 0 0 0.25rem; }
.track { height: 0.6rem; background: var(--bar); border-radius: 0.3rem; overflow: hidden; }
.fill { height: 100%; background: var(--accent); } .fill.full { background: var(--alarm); }
#says { font-weight: 600; } #says.fine::before { content: '\\2713  '; } #says.alarm::before { content: '!  '; }
.fine { color: var(--fine); } .note { color: var(--note); } .alarm { color: var(--alarm); }
#timeline { list-style: none; margin: 0; padding: 0; max-height: 38rem; overflow: auto; }
#timeline li { display: grid; grid-template-columns: 5rem 11rem 1fr; gap: 0 1rem; padding: 0.35rem 0.75rem;
  border-bottom: 1px solid var(--line); border-left: 3px solid transparent; color: var(--ink); }
#timeline li[hidden] { display: none; }
#timeline li.alarm { border-left-color: var(--alarm); } #timeline li.note { border-left-color: var(--note); }
.sign { display: inline-block; width: 1.25em; margin-right: 0.4em; text-align: center; font-style: normal;
  border: 1px solid currentcolor; border-radius: 50%; font-size: 0.8em; line-height: 1.25em; }
.cookie + .cookie { margin-top: 1rem; padding-top: 1rem; border-top: 1px solid var(--line); }
#timeline time, .soft { color: var(--soft); } #timeline b { font-weight: 600; }
ul.plain { margin: 0.5rem 0 0; padding-left: 1.1rem; }
.skip { position: absolute; left: -999px; } .skip:focus { left: 1rem; top: 0.5rem; background: var(--card); }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
@media (max-width: 40rem) { #timeline li { grid-template-columns: 5rem 1fr; }
  #timeline li > span { grid-column: 1 / -1; } dl { grid-template-columns: minmax(4.5rem, max-content) 1fr; gap: 0.25rem 0.75rem; }
  section { padding: 0.9rem; } td.value { min-width: 9rem; }
  td.since, th.since { display: none; } }
@media (prefers-reduced-motion: no-preference) { #timeline li.new { animation: arrive 1.2s ease-out; } }
@keyframes arrive { from { background: var(--bar); } }
`
