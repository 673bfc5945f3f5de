/** A survey for people at a terminal: the accepted faults, the worst first, then the counts. */
import type { Advice } from './advice.ts'
import type { Change, Comparison } from './compare.ts'
import { type Outcome, type Survey, totalsOf, type Trial } from './result.ts'
import type { Setting } from './settings.ts'

/** One line of what happened to a trial. */
export function outcomeText(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'accepted':
      return `accepted (${proofs[outcome.proof]}): ${outcome.words}`
    case 'refused':
      return outcome.by === 'alert'
        ? `refused with alert ${outcome.alert}`
        : `refused by ${waysToRefuse[outcome.by]}: ${outcome.words}`
    case 'unclear':
      return `unclear: ${outcome.words}`
    case 'cannot':
      return `cannot be tried: ${outcome.words}`
    default:
      return outcome satisfies never
  }
}

const proofs = { sip: 'SIP was spoken', data: 'it sent data', open: 'it stayed open' } as const
const waysToRefuse = { close: 'a close', reset: 'a reset', answer: 'an answer' } as const

export function surveyText(survey: Survey, advice: readonly Advice[]): string {
  const { accepted, outcomes, goodRefused } = totalsOf(survey)
  const lines = [
    ...(survey.stopped === undefined ? [] : [`The survey stopped: ${survey.stopped}.`, '']),
    ...advice.flatMap(adviceLines),
    `${survey.target}${survey.product === undefined ? '' : ` (${survey.product})`}: ` +
      `${accepted.critical} critical, ${accepted.serious} serious, ${accepted.remark} remarks accepted; ` +
      `${outcomes.refused} refused, ${outcomes.unclear} unclear, ${outcomes.cannot} cannot be tried ` +
      `(${survey.trials.length} faults and versions, ${(survey.ms / 1000).toFixed(1)} s)`,
    ...(goodRefused === 0 ? [] : [goodRefusedText(survey.trials)]),
  ]
  return `${lines.join('\n')}\n`
}

function adviceLines({ severity, fault, versions, story, why, setting, peers }: Advice): readonly string[] {
  return [
    `${severity.toUpperCase().padEnd(8)} ${fault} (TLS ${versions.join(', ')}): ${story}.`,
    `         why: ${why}`,
    ...(setting === undefined ? [] : [`         set: ${settingText(setting)}  [${sourceText(setting)}]`]),
    ...(peers.length === 0 ? [] : [`         would mind: ${someOf(peers)}`]),
    '',
  ]
}

function someOf(peers: readonly string[]): string {
  const shown = peers.slice(0, 6).join(', ')
  return peers.length > 6 ? `${shown} and ${peers.length - 6} more` : shown
}

function goodRefusedText(trials: readonly Trial[]): string {
  const names = trials.filter(({ verdict, outcome }) => verdict === undefined && outcome.kind === 'refused')
  return `Good certificates that it refused: ${names.map(({ fault, tls }) => `${fault} (TLS ${tls})`).join(', ')}`
}

export function comparisonText({ worse, better, good, other, same }: Comparison): string {
  const part = (title: string, changes: readonly Change[]): readonly string[] =>
    changes.length === 0 ? [] : [title, ...changes.map(changeText)]
  const lines = [
    ...part('Accepted now, refused before:', worse),
    ...part('Refused now, accepted before:', better),
    ...part('Good certificates of an unusual kind:', good),
    ...part('Not to be compared:', other),
    `${worse.length} worse, ${better.length} better, ${good.length + other.length} other, ${same} the same`,
  ]
  return `${lines.join('\n')}\n`
}

function changeText({ fault, tls, before, after, severity }: Change): string {
  return `  ${severity ?? 'good'} ${fault} (TLS ${tls}): ${before} -> ${after}`
}

/** How sure a setting is, and where it was read, or is to be read before it is set. */
export function sourceText({ documented, confidence, source, tested }: Setting): string {
  switch (confidence) {
    case 'tested':
      return `tested with ${tested}; ${source}`
    case 'documented':
      return `documented, not tested: ${source}`
    case 'not looked up':
      return `not looked up in ${documented}`
    case 'not documented':
      return source === undefined ? documented : `searched: ${source}`
    default:
      return confidence satisfies never
  }
}

/** What to set, or that no one says what. */
export function settingText({ setting }: Setting): string {
  return setting ?? 'no setting of this stack is documented'
}
