/** A survey as one page that needs no other file: what was accepted on top, then every fault and version. */
import { escaped } from '../reports/markup.ts'
import { page } from '../reports/page.ts'
import type { Advice } from './advice.ts'
import { outcomeText, settingText, sourceText } from './report-text.ts'
import { type Survey, totalsOf, type Trial } from './result.ts'

export function surveyHtml(survey: Survey, advice: readonly Advice[]): string {
  const { accepted } = totalsOf(survey)
  const sure = survey.stopped === undefined
  const good = sure && accepted.critical === 0
  const body = `<header class="${good ? 'good' : 'bad'}">
<p class="what">siplab survey ${survey.direction}</p>
<h1>${escaped(survey.target)}</h1>
<p class="answer">${accepted.critical} critical, ${accepted.serious} serious, ${accepted.remark} remarks accepted</p>
${sure ? '' : `<p><b>The survey stopped:</b> ${escaped(survey.stopped ?? '')}</p>`}
<p class="what">${escaped(survey.product ?? 'product not said')} &middot; ${escaped(survey.at)} &middot; ${(
    survey.ms / 1000
  ).toFixed(1)} s</p>
</header>
<main>
${advice.map(adviceHtml).join('\n')}
<h2>Every fault</h2>
<table><thead><tr><th>fault</th><th>TLS</th><th>outcome</th></tr></thead><tbody>
${survey.trials.map(row).join('\n')}
</tbody></table>
<h2>The good certificate</h2>
<table><tbody>
${survey.controls.map(row).join('\n')}
</tbody></table>
</main>
<footer>${escaped(survey.siplab)} &middot; no passwords or keys are in this report</footer>`
  return page({ title: `${survey.target}: survey`, style, body })
}

function adviceHtml({ severity, fault, story, versions, why, setting, peers }: Advice): string {
  const closes =
    setting === undefined
      ? ''
      : `<p><b>Setting that rejects it:</b> <code>${escaped(settingText(setting))}</code> ` +
        `(${escaped(sourceText(setting))})</p>`
  const minding =
    peers.length === 0 ? '' : `<p class="what">Peers that would refuse it: ${escaped(peers.join(', '))}</p>`
  return `<section class="${severity}"><h2><span>${severity}</span> ${escaped(fault)}, TLS ${versions.join(', ')}</h2>
<p>${escaped(story)}. ${escaped(why)}</p>${closes}${minding}</section>`
}

function row({ fault, tls, outcome, severity }: Trial): string {
  const weight = outcome.kind === 'accepted' ? (severity ?? 'fine') : outcome.kind
  return `<tr class="${weight}"><td>${escaped(fault)}</td><td>${tls}</td><td>${escaped(outcomeText(outcome))}</td></tr>`
}

const style = `
body{margin:0 auto;max-width:62rem;padding:2rem 1.25rem 3rem}
header,section{background:var(--card);border:1px solid var(--line);border-left:6px solid var(--good);border-radius:8px;
  padding:1rem 1.5rem;margin:.6rem 0}
header.bad,section.critical{border-left-color:var(--bad)}section.serious{border-left-color:var(--warn)}
section.remark{border-left-color:var(--blue)}
h1{margin:.1rem 0 .4rem;font-size:1.7rem;overflow-wrap:anywhere}h2{font-size:1.05rem;margin:.2rem 0}
h2 span{font-size:.75rem;text-transform:uppercase;color:var(--soft);margin-right:.6rem}
.what{margin:.2rem 0;color:var(--soft);font-size:.875rem;overflow-wrap:anywhere}.answer{font-size:1.2rem;margin:.2rem 0}
table{border-collapse:collapse;width:100%;font-size:.875rem}th{text-align:left;color:var(--soft)}
td,th{padding:.25rem .6rem;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
tr.critical td{color:var(--bad);font-weight:600}tr.serious td{color:var(--warn)}
tr.refused td:last-child{color:var(--good)}
tr.cannot td,tr.unclear td{color:var(--soft)}
footer{margin-top:1.5rem;color:var(--soft);font-size:.8rem;text-align:center}
`
