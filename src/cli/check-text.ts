/** The tree of steps for people: live on stderr while it grows, and in colour where that is welcome. */
import type { CheckReport, Step, Watcher } from '../check/index.ts'
import { harmlessLine } from '../reports/harmless.ts'
import { paint } from './io.ts'
import type { Io, Style } from './io.ts'

const marks: Readonly<Record<Step['outcome'], readonly [mark: string, style: Style]>> = {
  ok: ['ok', 'green'],
  note: ['note', 'cyan'],
  warning: ['warn', 'yellow'],
  failed: ['FAIL', 'red'],
  'not-tried': ['-', 'dim'],
}

/** A whole branch at a time, the outer step first; on a terminal one line says meanwhile what is going on. */
export function liveTree(
  io: Pick<Io, 'err' | 'progress' | 'colours'>,
  { verbose }: { readonly verbose: boolean },
): Watcher {
  return {
    begin: (title) => io.progress?.(`... ${title}`),
    end: (step, depth) => {
      if (depth > 0) return
      io.progress?.('')
      io.err(branchText(step, 0, io.colours.err, verbose))
    },
  }
}

function branchText(step: Step, depth: number, colours: boolean, verbose: boolean): string {
  return (
    stepText(step, depth, colours, verbose) +
    step.steps.map((inner) => branchText(inner, depth + 1, colours, verbose)).join('')
  )
}

function stepText(step: Step, depth: number, colours: boolean, verbose: boolean): string {
  const [mark, style] = marks[step.outcome]
  const margin = '  '.repeat(depth)
  const code = step.code === 'ok' || step.code === 'not-tried' ? '' : ` ${paint(colours, style, step.code)}`
  const time = step.ms === 0 ? '' : paint(colours, 'dim', ` (${step.ms} ms)`)
  const head = `${margin}${paint(colours, style, mark.padEnd(4))} ${harmlessLine(step.title)}${code}${time}\n`
  const inner = `${margin}     `
  const rest = [
    ...(step.outcome === 'ok' && !verbose && step.title === step.sentence ? [] : [step.sentence]),
    ...(step.outcome === 'failed' || step.outcome === 'warning'
      ? [...othersText(step), ...perhapsText(step), ...(step.remedy === undefined ? [] : [`remedy: ${step.remedy}`])]
      : []),
    ...(verbose
      ? Object.entries(step.evidence).map(
          ([name, value]) => `${name}: ${Array.isArray(value) ? value.join('; ') : String(value)}`,
        )
      : []),
  ]
  return head + rest.map((line) => `${inner}${harmlessLine(line)}\n`).join('')
}

function othersText({ verdict }: Step): readonly string[] {
  return (verdict?.others ?? []).map(
    ({ code, message, found }) => `also ${code}: ${found === undefined ? message : `${message}: ${found}`}`,
  )
}

const mostCandidates = 3

/** Where the finding does not prove its code: what else shows itself so, unless its sentence already says that. */
function perhapsText({ verdict, code, sentence }: Step): readonly string[] {
  const others = (verdict?.candidates ?? []).filter((each) => each.code !== code && !sentence.includes(each.code))
  return others.slice(0, mostCandidates).map((each) => `perhaps ${each.code}: ${each.why}`)
}

/** The last lines. */
export function summaryText({ target, profile, ok, verdict, notTried, ms }: CheckReport, { colours }: Io): string {
  const answer = ok ? paint(colours.out, 'green', 'all well') : paint(colours.out, 'red', verdict?.code ?? 'not so')
  const sentence = ok
    ? ''
    : `${harmlessLine(`${verdict?.message ?? ''}${verdict?.found === undefined ? '' : `: ${verdict.found}`}`)}\n` +
      `${verdict?.fix === undefined ? '' : `remedy: ${verdict.fix}\n`}`
  const untried = notTried.length === 0 ? '' : `not tried: ${notTried.map(({ id }) => id).join(', ')}\n`
  return `${target} as ${profile}: ${answer} (${ms} ms)\n${sentence}${untried}`
}
