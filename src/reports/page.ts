/** The frame of every HTML report: one page that needs nothing else, no script and nothing to fetch. */
import { escaped } from './markup.ts'

export interface Page {
  readonly title: string
  /** Rules of this report, after the common ones. */
  readonly style: string
  /** Markup; text in it is escaped already. */
  readonly body: string
}

export function page({ title, style, body }: Page): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${common}${style}</style>
</head>
<body>
${body}
</body>
</html>
`
}

/** Colours and type. They follow the colour scheme of the reader. */
const common = `
:root{--paper:#f6f7f8;--card:#fff;--ink:#1b2430;--soft:#5f6b76;--line:#dde1e5;--good:#1f7a4d;--good-bg:#dff1e5;
  --bad:#b3261e;--bad-bg:#fbe3e0;--warn:#9a6700;--warn-bg:#fbeed2;--blue:#2f6690;--blue-bg:#dde8f6;--gap:#eceef0}
@media (prefers-color-scheme:dark){:root{--paper:#13181d;--card:#1c232b;--ink:#e6ebf0;--soft:#9aa7b3;--line:#333d47;
  --good:#6fc48d;--good-bg:#1d3a29;--bad:#f2877f;--bad-bg:#4a211e;--warn:#e0b34d;--warn-bg:#43341a;--blue:#7ab6e0;
  --blue-bg:#22344b;--gap:#20272e}}
html{color-scheme:light dark}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
  font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
`
