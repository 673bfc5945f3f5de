/** A check as one self-contained page: the answer on top, the walk as a rail, every step with its evidence. */
import { escaped } from '../reports/markup.ts'
import { page } from '../reports/page.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import type { CheckReport } from './report.ts'
import { severityOf } from './severity.ts'
import type { Step } from './step.ts'

/**
 * @param versionText e.g. `siplab 0.1.0`, for the foot of the page
 * @param overview markup to put above the steps, e.g. a link matrix; already escaped by the caller
 */
export function htmlReport(report: CheckReport, versionText: string, overview = ''): string {
  const { target, profile, at, ok, verdict, ms } = report
  const title = `${target}: ${ok ? 'all well' : report.code}`
  const body = `<header class="${ok ? 'good' : 'bad'}">
<p class="what">siplab check &middot; ${escaped(profile)}</p>
<h1>${escaped(target)}</h1>
<p class="answer"><span class="mark">${ok ? '&#10003;' : '&#10007;'}</span>${escaped(
    ok ? 'All well' : (verdict?.message ?? 'Not so'),
  )}</p>
${ok ? '' : cause(report)}
<p class="when">${escaped(at.replace('T', ' ').replace(/\.\d+Z$/, ' UTC'))} &middot; ${duration(
    ms,
  )}${counts(report.steps)}</p>
</header>
${report.steps.length > longestRail ? '' : `<nav>${report.steps.map(rail).join('')}</nav>`}
${overview}
<main>
${report.steps.map((step, index) => stepHtml(step, `s${index}`)).join('\n')}
</main>
<footer>${escaped(versionText)} &middot; no passwords or keys are in this report</footer>`
  return page({ title, style, body })
}

/** A walk has a handful of steps; a matrix has dozens, and a rail of them says nothing. */
const longestRail = 12

function cause({ verdict, code }: CheckReport): string {
  const found = verdict?.found === undefined ? '' : `<p>${escaped(verdict.found)}</p>`
  const cell = `<code>${escaped(code)}</code>${windows(verdict?.windows)}`
  return `<div class="cause">${cell}${found}${fix(verdict?.fix)}</div>`
}

function fix(text: string | undefined): string {
  return text === undefined ? '' : `<p class="fix"><b>What to do:</b> ${escaped(text)}</p>`
}

function windows(code: Verdict['windows']): string {
  if (code === undefined) return ''
  return ` <span class="windows">${escaped(`${code.name} ${code.hresult}${code.inferred ? '*' : ''}`)}</span>`
}

const names: Readonly<Record<Step['outcome'], string>> = {
  ok: 'ok',
  note: 'note',
  warning: 'warning',
  failed: 'failed',
  'not-tried': 'not tried',
}

function counts(steps: readonly Step[]): string {
  const tally = Map.groupBy(steps, ({ outcome }) => outcome)
  return [...tally].map(([outcome, some]) => ` &middot; ${some.length} ${names[outcome]}`).join('')
}

function rail({ outcome, title, id }: Step, index: number): string {
  const name = escaped(id.split('.')[0] ?? id)
  return `<a href="#s${index}" class="${outcome}" title="${escaped(title)}"><i></i>${name}</a>`
}

function stepHtml(step: Step, anchor: string): string {
  const open = step.outcome === 'failed' || step.outcome === 'warning' ? ' open' : ''
  const inner = step.steps.map((one, index) => stepHtml(one, `${anchor}-${index}`)).join('\n')
  return `<details id="${anchor}" class="${step.outcome}"${open}>
<summary><span class="badge">${names[step.outcome]}</span><span class="title">${escaped(step.title)}</span>${code(
    step,
  )}<span class="ms">${duration(step.ms)}</span></summary>
<div class="body">
<p>${escaped(step.sentence)}</p>
${others(step)}${fix(step.remedy)}${evidence(step)}
${inner === '' ? '' : `<div class="inner">${inner}</div>`}
</div>
</details>`
}

function code(step: Step): string {
  const { code: text } = step
  const severity = `<span class="severity">${severityOf(step)}</span>`
  return text === 'ok' || text === 'not-tried' ? '' : `<code>${escaped(text)}</code>${severity}`
}

function others({ verdict }: Step): string {
  const list = verdict?.others ?? []
  if (list.length === 0) return ''
  const items = list.map(({ code: text, message, found }) => {
    const sentence = found === undefined ? message : `${message}: ${found}`
    return `<li><code>${escaped(text)}</code> ${escaped(sentence)}</li>`
  })
  return `<ul class="others">${items.join('')}</ul>`
}

function evidence({ evidence: seen }: Step): string {
  const rows = Object.entries(seen).filter(([, value]) => !(Array.isArray(value) && value.length === 0))
  if (rows.length === 0) return ''
  const items = rows.map(([name, value]) => {
    const shown = Array.isArray(value) ? value.map((one: string) => escaped(one)).join('<br>') : escaped(String(value))
    return `<dt>${escaped(name)}</dt><dd>${shown}</dd>`
  })
  return `<dl>${items.join('')}</dl>`
}

function duration(ms: number): string {
  if (ms === 0) return ''
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(2)} s`
}

const style = `
body{margin:0 auto;max-width:62rem;padding:2rem 1.25rem 3rem;font-size:16px}
header{background:var(--card);border:1px solid var(--line);border-left:6px solid var(--good);border-radius:8px;
  padding:1.25rem 1.5rem}
header.bad{border-left-color:var(--bad)}
h1{margin:.1rem 0 .4rem;font-size:1.7rem;overflow-wrap:anywhere}
.what,.when{margin:0;color:var(--soft);font-size:.875rem}
.answer{margin:.2rem 0 .8rem;font-size:1.2rem}
.mark{margin-right:.5rem;font-weight:700;color:var(--good)}.bad .mark{color:var(--bad)}
.cause{margin:0 0 .8rem;padding:.7rem .9rem;background:var(--paper);border-radius:6px}
.cause p{margin:.35rem 0 0;overflow-wrap:anywhere}
.windows{color:var(--soft);font-size:.85rem}
code{font-weight:600;font-size:.82rem;line-height:1;color:inherit;
  background:color-mix(in srgb,currentColor 11%,transparent);padding:.2rem .4rem;border-radius:4px;white-space:nowrap}
nav{display:flex;margin:1.4rem 0;overflow-x:auto;padding-bottom:.3rem}
nav a{flex:1 0 6.2rem;position:relative;text-align:center;font-size:.78rem;color:var(--soft);text-decoration:none;
  padding-top:1.5rem}
nav a::before{content:"";position:absolute;top:.55rem;left:0;right:0;height:2px;background:var(--line)}
nav a:first-child::before{left:50%}nav a:last-child::before{right:50%}
nav i{position:absolute;top:.1rem;left:50%;width:1rem;height:1rem;margin-left:-.5rem;border-radius:50%;
  background:currentColor;border:3px solid var(--paper)}
nav a.ok i{color:var(--good)}nav a.note i{color:var(--blue)}nav a.warning i{color:var(--warn)}
nav a.failed i{color:var(--bad)}nav a.not-tried i{color:var(--soft)}
details{background:var(--card);border:1px solid var(--line);border-radius:8px;margin:.55rem 0}
summary{display:flex;gap:.7rem;align-items:center;padding:.65rem .9rem;cursor:pointer;list-style:none;flex-wrap:wrap}
summary::-webkit-details-marker{display:none}
summary::after{content:"\\203A";color:var(--soft);transform:rotate(0);transition:transform .12s}
details[open]>summary::after{transform:rotate(90deg)}
.title{flex:1;min-width:8rem;overflow-wrap:anywhere}
.ms{color:var(--soft);font-size:.82rem;font-variant-numeric:tabular-nums}
.badge{min-width:5.2rem;text-align:center;font-size:.75rem;font-weight:600;padding:.18rem .5rem;border-radius:999px;
  color:var(--good);background:color-mix(in srgb,currentColor 13%,transparent)}
.note>summary .badge,.note>summary code{color:var(--blue)}
.warning>summary .badge,.warning>summary code{color:var(--warn)}
.failed>summary .badge,.failed>summary code{color:var(--bad)}.not-tried>summary .badge{color:var(--soft)}
.ok>summary .badge{color:var(--good)}
.severity{color:var(--soft);font-size:.75rem}
.body{padding:0 .9rem .8rem;border-top:1px solid var(--line)}.body>p{margin:.7rem 0 0;overflow-wrap:anywhere}
.others{margin:.5rem 0 0;padding-left:1.1rem}.others li{margin:.25rem 0}
.fix{color:var(--ink)}
dl{display:grid;grid-template-columns:minmax(7rem,max-content) 1fr;gap:.15rem 1rem;margin:.8rem 0 0;font-size:.875rem}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere;
  font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.8rem;line-height:1.5rem}
.inner{margin-top:.8rem}.inner details{background:var(--paper)}
main{margin-top:1.2rem}
.matrix{border-collapse:separate;border-spacing:3px;margin:1.2rem 0;font-size:.82rem;display:block;overflow-x:auto}
.matrix th{font-weight:600;text-align:left;padding:.3rem .6rem;color:var(--soft);white-space:nowrap}
.matrix td{background:var(--card);border-radius:5px;padding:.25rem;min-width:6.5rem;vertical-align:top}
.matrix span{display:block;padding:.2rem .5rem;margin:.1rem 0;border-radius:4px;white-space:nowrap;color:var(--good);
  background:color-mix(in srgb,currentColor 11%,transparent)}
.matrix .note{color:var(--blue)}.matrix .failed{color:var(--bad);font-weight:700}
.matrix .not-tried{color:var(--soft)}
footer{margin-top:1.5rem;color:var(--soft);font-size:.8rem;text-align:center}
@media print{body{background:#fff}details{break-inside:avoid}}
`
