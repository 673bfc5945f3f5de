/** The answer of `siplab explain CHAIN --with PEER` in words and as JSON. */
import type { Check } from '../peers/judge/check.ts'
import type { Direction, DirectionName, LinkAnswer, Mirror } from '../peers/judge/link.ts'
import type { Change, FirstBreak } from '../peers/judge/changes.ts'
import type { LinkReport } from './explain-link.ts'
import { paint, table, type Io, type Style } from './io.ts'

const verdictWords: Readonly<Record<LinkAnswer['verdict'] | Direction['verdict'], string>> = {
  stands: 'works',
  'stands-with-warning': 'works, with a warning',
  breaks: 'breaks',
  'cannot-tell': 'not known',
  'not-used': 'not used',
  'breaks-we-serve': 'breaks where the peer dials us',
  'breaks-we-dial': 'breaks where we dial',
  'breaks-both': 'breaks in both directions',
}

const markWords = {
  V: "vendor's own text",
  G: 'secondary source',
  I: 'inference',
  '?': 'not found',
} as const

const outcomeMarks = { holds: 'ok', warns: '!', breaks: 'x', unknown: '?' } as const
const outcomeStyles: Readonly<Record<Check['outcome'], Style>> = {
  holds: 'green',
  warns: 'yellow',
  breaks: 'red',
  unknown: 'magenta',
}

export function linkDocument(report: LinkReport): object {
  const { policy, chain, answer, changes, firstBreaks, waysOut, stale } = report
  return {
    peer: policy.name,
    title: policy.title,
    policyChecked: policy.checked,
    stale,
    chain: {
      subject: chain.leaf.subject.text,
      root: chain.root.name,
      rootKind: chain.root.kind,
      standIn: chain.root.kind === 'public' && chain.root.standIn,
    },
    ...(answer === undefined ? {} : answerDocument(answer)),
    firstBreaks,
    waysOut,
    changes: changes.map(({ on, what, answer: each }) => ({
      on,
      what,
      verdict: each.verdict,
      directions: Object.fromEntries(
        each.directions.map(({ direction, verdict, mirror }) => [direction, { verdict, mirror: mirror.verdict }]),
      ),
    })),
  }
}

function answerDocument({ on, verdict, period, directions }: LinkAnswer): object {
  return {
    on,
    verdict,
    ...(period === undefined ? {} : { period: period.id, since: period.since, until: period.until }),
    directions: Object.fromEntries(directions.map(({ direction, ...rest }) => [direction, rest])),
    questions: questionsOf(directions),
  }
}

export function linkText(io: Io, report: LinkReport): string {
  const { policy, chain, answer, changes, firstBreaks, stale } = report
  const lines = [
    `${paint(io.colours.out, 'bold', policy.title)} with ${chain.leaf.subject.text || 'our certificate'}\n`,
    chain.root.kind === 'public' && chain.root.standIn ? standInText(chain.root.name) : '',
    stale ? `The policy was checked last on ${policy.checked}, more than 90 days ago: check its sources again.\n` : '',
    answer === undefined ? changesText(io, changes) : answerText(io, policy.title, answer),
    answer === undefined ? '' : firstBreakText(firstBreaks),
    waysText(report),
    policy.duties.length === 0 ? '' : `\nAlso\n${policy.duties.map((duty) => `  ${duty}\n`).join('')}`,
  ]
  return lines.join('')
}

function standInText(root: string): string {
  return (
    `The real root ${root} did not sign this chain: every peer refuses it.\n` +
    'The answer is for a real chain of the same form.\n'
  )
}

function answerText(io: Io, peer: string, { on, verdict, period, directions }: LinkAnswer): string {
  const rules =
    period === undefined ? '' : `, rules ${period.id}${period.since === undefined ? '' : ` since ${period.since}`}`
  const questions = questionsOf(directions)
  return [
    `On ${on}${rules}: ${paint(io.colours.out, 'bold', verdictWords[verdict])}.\n`,
    ...directions.flatMap((each) => directionText(io, peer, each)),
    questions.length === 0 ? '' : `\nAsk ${peer}\n${questions.map((each) => `  ${each}\n`).join('')}`,
  ].join('')
}

function directionText(io: Io, peer: string, { direction, verdict, checks, mirror }: Direction): readonly string[] {
  return [
    `\n${paint(io.colours.out, 'bold', titleOf(direction, peer))}: ${verdictWords[verdict]}\n`,
    ...checks.map((check) => checkText(io, check)),
    ...mirrorText(io, direction, mirror),
  ]
}

function titleOf(direction: DirectionName, peer: string): string {
  return direction === 'we-serve' ? `we-serve (${peer} dials us)` : `we-dial (we dial ${peer})`
}

function mirrorText(io: Io, direction: DirectionName, { verdict, checks, assumed }: Mirror): readonly string[] {
  if (checks.length === 0) return []
  const ours = direction === 'we-serve' ? 'our server' : 'our client'
  const how = assumed && direction === 'we-serve' ? ', if it checks the purpose of the certificate' : ''
  return [
    `  our own end, ${ours}: ${verdictWords[verdict]}${how}\n`,
    ...checks.map((check) => `  ${checkText(io, check)}`),
  ]
}

function checkText(io: Io, { outcome, sentence, demand, ending }: Check): string {
  const mark = paint(io.colours.out, outcomeStyles[outcome], outcomeMarks[outcome].padEnd(2))
  const source = demand === undefined ? '' : ` [${demand.mark} ${markWords[demand.mark]}${sourceText(demand.source)}]`
  const note = demand?.note === undefined || outcome === 'holds' ? '' : ` (${demand.note})`
  return `  ${mark} ${sentence}${ending === undefined ? '' : ` (${ending})`}${note}${source}\n`
}

function sourceText(source: readonly string[]): string {
  return source.length === 0 ? '' : ` ${source.join(', ')}`
}

function questionsOf(directions: readonly Direction[]): readonly string[] {
  const all = directions.flatMap(({ checks, mirror }) => [...checks, ...mirror.checks])
  return [...new Set(all.flatMap(({ question }) => (question === undefined ? [] : [question])))]
}

function changesText(io: Io, changes: readonly Change[]): string {
  const rows = changes.map(({ on, what, answer: { directions } }) => [
    on,
    ...(['we-serve', 'we-dial'] as const).map((name) => cellOf(directions, name)),
    what.join('; '),
  ])
  return `The days on which something changes\n${table(['DAY', 'WE SERVE', 'WE DIAL', 'WHAT'], rows)}${legend(io)}`
}

function cellOf(directions: readonly Direction[], name: DirectionName): string {
  const found = directions.find(({ direction }) => direction === name)
  if (found === undefined) return ''
  const own = found.mirror.assumed && found.mirror.verdict === 'breaks' ? ' *' : ''
  return `${verdictWords[found.verdict]}${own}`
}

function legend({ colours }: Io): string {
  return paint(colours.out, 'dim', '* our own server refuses the caller, if it checks the purpose of the certificate\n')
}

function firstBreakText(breaks: readonly FirstBreak[]): string {
  if (breaks.length === 0) return '\nNo known rule breaks this link while the certificate is valid.\n'
  const lines = breaks.map(({ direction, on, check }) => `  ${on} ${direction}: ${check.sentence}\n`)
  return `\nWhat breaks first\n${lines.join('')}`
}

function waysText({ waysOut }: LinkReport): string {
  if (waysOut.length === 0) return ''
  const words = { yes: 'works', no: 'does not help here', ask: 'ask the peer' } as const
  return `\nWhat you can do\n${waysOut
    .map(({ way, limits, works, mark }) => `  ${words[works]}: ${way} [${mark}]\n    limits: ${limits}\n`)
    .join('')}`
}
