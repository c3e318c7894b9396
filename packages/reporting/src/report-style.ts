/**
 * The style sheet of the report: light, printable, readable from 320 pixels on; it names no file and no font
 * that must be fetched.
 */
export const REPORT_STYLE = `
:root { color-scheme: light; --ink: #1f2328; --muted: #57606a; --rule: #d0d7de; --wash: #f6f8fa; --accent: #0b5394; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 62rem; background: #fff; color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", "DejaVu Sans", sans-serif;
  overflow-wrap: break-word;
}
svg text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", "DejaVu Sans", sans-serif; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .25rem; letter-spacing: -.01em; }
h2 { font-size: 1.3rem; line-height: 1.3; margin: 3rem 0 1rem; padding-bottom: .3rem; border-bottom: 1px solid var(--rule); }
h3 { font-size: 1.02rem; margin: 2rem 0 .5rem; }
p, nav, dl { max-width: 46rem; }
p { margin: .75rem 0; }
a { color: var(--accent); }
.date { margin: 0 0 1rem; color: var(--muted); font-size: .9rem; }
.summary { font-size: 1.06rem; }
nav { margin: 1.5rem 0 0; padding: .75rem 1rem; background: var(--wash); border-radius: 6px; }
nav ol { margin: 0; padding-left: 1.4rem; }
figure { margin: 1.75rem 0 .75rem; }
figure svg { display: block; max-width: 100%; height: auto; }
figcaption, .note, .caption { max-width: 46rem; margin-top: .5rem; color: var(--muted); font-size: .875rem; line-height: 1.5; }
figcaption strong, .caption strong { color: var(--ink); }
.narrow { display: none; }
.caption { margin: 1.75rem 0 .5rem; }
.scroll { overflow-x: auto; margin: .5rem 0; }
details .caption { margin-top: 1rem; }
table { border-collapse: collapse; font-size: .9rem; line-height: 1.4; font-variant-numeric: tabular-nums; }
thead th { border-top: 1.5px solid var(--ink); border-bottom: 1px solid var(--ink); font-weight: 600; vertical-align: bottom; }
tbody tr:last-child > * { border-bottom: 1.5px solid var(--ink); }
tbody tr:nth-child(even) { background: var(--wash); }
th, td { padding: .32rem .8rem; text-align: left; font-weight: normal; vertical-align: top; }
th.number, td.number { text-align: right; white-space: nowrap; }
.starred { position: relative; }
th.starred, td.starred { padding-right: 1.7rem; }
tbody th { white-space: nowrap; }
.learned { font-weight: 600; }
.swatch { display: inline-block; width: 1.4em; margin-right: .6em; vertical-align: .27em; }
.mark { position: absolute; right: .5rem; }
.bad { color: #a40e26; font-weight: 600; }
details { margin: .5rem 0; font-size: .9rem; }
figure + details { margin-bottom: 2.25rem; }
summary { cursor: pointer; color: var(--accent); }
ul { margin: .5rem 0; padding-left: 1.4rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.25rem; margin: 1rem 0; font-size: .95rem; }
dt { color: var(--muted); }
dd { margin: 0; min-width: 0; }
pre { margin: .5rem 0 1rem; padding: .75rem 1rem; overflow-x: auto; background: var(--wash); border-radius: 6px; }
code { font: .875rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace; }
@media (max-width: 700px) {
  body { padding: 1.5rem 1rem 3rem; }
  h1 { font-size: 1.55rem; }
  .wide { display: none; }
  .narrow { display: block; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .6rem; }
  table { font-size: .82rem; }
  th, td { padding-left: .5rem; padding-right: .5rem; }
  code { white-space: pre-wrap; overflow-wrap: anywhere; }
}
@media print {
  body { padding: 0; font-size: 10.5pt; max-width: none; }
  .wide { display: block; }
  .narrow { display: none; }
  figure, .caption, table, pre { break-inside: avoid; }
  h2, h3, .caption { break-after: avoid; }
  a { color: inherit; text-decoration: none; }
}
`;
