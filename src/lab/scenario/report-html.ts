/**
 * Results as one HTML page that needs nothing else: a table, then each story with its timeline, its steps and what each
 * node logged.
 */
import { escaped } from '../../reports/markup.ts'
import { page } from '../../reports/page.ts'
import type { ScenarioResult, StepResult } from './run.ts'
import { lanes } from './report-lanes.ts'
import { style } from './report-style.ts'

export function htmlReport(results: readonly ScenarioResult[], generatedAt: string): string {
  const outcomes = ['passed', 'failed', 'skipped']
  const count = (outcome: string): number => results.filter((result) => result.outcome === outcome).length
  const sums = outcomes.map((outcome) => `<span class="${outcome}">${count(outcome)} ${outcome}</span>`)
  const title = `siplab scenarios: ${count('passed')} passed, ${count('failed')} failed`
  const body = `<header>
<h1>Scenarios</h1>
<p class="sum">${sums.join('')}</p>
<p class="when">siplab, ${escaped(generatedAt.slice(0, 16).replace('T', ' '))} UTC</p>
</header>
<main>
${results.length > 1 ? index(results) : ''}
${results.map(section).join('\n')}
</main>`
  return page({ title, style, body })
}

function index(results: readonly ScenarioResult[]): string {
  const rows = results.map(({ name, family, topology, outcome, tookMs, steps, because }) => {
    const failed = steps.find((step) => step.outcome === 'failed')
    const why = because ?? (failed === undefined ? '' : `line ${failed.line}: ${failed.text}`)
    return (
      `<tr><td><a href="#${escaped(name)}">${escaped(name)}</a></td><td>${badge(outcome)}</td>` +
      `<td>${escaped(family)}</td><td>${escaped(topology)}</td><td class="n">${seconds(tookMs)}</td>` +
      `<td class="n">${steps.length}</td><td>${escaped(why)}</td></tr>`
    )
  })
  return (
    '<div class="wide"><table class="index"><thead><tr><th>Scenario</th><th>Outcome</th><th>Family</th>' +
    '<th>Topology</th><th class="n">Time</th><th class="n">Steps</th><th>Why</th></tr></thead>' +
    `<tbody>${rows.join('\n')}</tbody></table></div>`
  )
}

function section(result: ScenarioResult): string {
  const { name, story, family, topology, outcome, tookMs, because, steps } = result
  return `<section id="${escaped(name)}">
<h2>${escaped(name)} ${badge(outcome)}</h2>
<p class="facts">${escaped(family)} · ${escaped(topology)} · ${seconds(tookMs)}${
    because === undefined ? '' : ` · ${escaped(because)}`
  }</p>
<p class="story">${escaped(story)}</p>
${steps.length === 0 ? '' : whatHappened(result)}
</section>`
}

function whatHappened(result: ScenarioResult): string {
  return `<figure>${lanes(result)}${legend}</figure>
<ol class="steps">${result.steps.map(stepItem).join('\n')}</ol>
${eventTable(result)}`
}

const legend =
  '<figcaption><span><i class="k ready"></i>ready, link up</span><span><i class="k starting"></i>starting</span>' +
  '<span><i class="k stopped"></i>stopped, link down</span><span><i class="k dot"></i>event</span>' +
  '<span><i class="k tri"></i>warning</span><span><i class="k dia"></i>error</span>' +
  '<span><i class="k act"></i>action</span><span><i class="k exp"></i>expectation</span>' +
  '<span><i class="k gapk"></i>time drawn shorter</span></figcaption>'

function stepItem({ kind, text, outcome, line, tookMs, wanted, found, next, told = [] }: StepResult): string {
  if (kind === 'say') return `<li class="say">${escaped(text)}</li>`
  const took = tookMs >= 100 ? `<span class="took">${seconds(tookMs)}</span>` : ''
  const shortfall =
    outcome === 'failed'
      ? `<dl><dt>wanted</dt><dd>${escaped(wanted ?? '')}</dd><dt>found</dt><dd>${escaped(found ?? '')}</dd>` +
        `<dt>look at</dt><dd><code>${escaped(next ?? '')}</code></dd></dl>`
      : told.map((each) => `<p class="told">${escaped(each)}</p>`).join('')
  const shown = kind === 'do' ? `<code>${escaped(text)}</code>` : escaped(text)
  return (
    `<li class="${outcome} ${kind}" title="line ${line}"><span class="what">${shown}</span>` +
    `${took}${shortfall}</li>`
  )
}

function eventTable({ events }: ScenarioResult): string {
  const rows = events
    .filter(({ event }) => event.level !== 'debug')
    .map(({ atMs, event }) => {
      const code =
        event.verdict === undefined
          ? ''
          : `<code>${escaped(event.verdict.code)}</code>` +
            `${event.verdict.windows === undefined ? '' : ` ${escaped(event.verdict.windows.hresult)}`}`
      return (
        `<tr class="${event.level}"><td class="n">${(atMs / 1000).toFixed(2)}</td><td>${escaped(event.node)}</td>` +
        `<td><code>${escaped(event.event)}</code></td><td>${escaped(event.message)}</td><td>${code}</td></tr>`
      )
    })
  return (
    `<details><summary>What each node logged (${rows.length} events)</summary><div class="wide">` +
    '<table class="events"><thead><tr><th class="n">s</th><th>Node</th><th>Event</th><th>Message</th><th>Verdict</th>' +
    `</tr></thead><tbody>${rows.join('\n')}</tbody></table></div></details>`
  )
}

function badge(outcome: ScenarioResult['outcome']): string {
  return `<span class="badge ${outcome}">${outcome}</span>`
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
