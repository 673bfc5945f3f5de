/** The tree of steps for people: live on stderr while it grows, and in colour where that is welcome. */
import type { CheckReport, Step, Watcher } from '../check/index.ts'
import { paint } from './io.ts'
import type { Io, Style } from './io.ts'

const marks: Readonly<Record<Step['outcome'], readonly [mark: string, style: Style]>> = {
  ok: ['ok', 'green'],
  note: ['note', 'cyan'],
  warning: ['warn', 'yellow'],
  failed: ['FAIL', 'red'],
  'not-tried': ['-', 'dim'],
}

/** Inner steps appear when they end; the outer one closes below them. */
export function liveTree(write: (text: string) => void, colours: boolean, verbose: boolean): Watcher {
  return {
    begin: () => undefined,
    end: (step, depth) => write(stepText(step, depth, colours, verbose)),
  }
}

export function stepText(step: Step, depth: number, colours: boolean, verbose: boolean): string {
  const [mark, style] = marks[step.outcome]
  const margin = '  '.repeat(depth)
  const code = step.code === 'ok' || step.code === 'not-tried' ? '' : ` ${paint(colours, style, step.code)}`
  const time = step.ms === 0 ? '' : paint(colours, 'dim', ` (${step.ms} ms)`)
  const head = `${margin}${paint(colours, style, mark.padEnd(4))} ${step.title}${code}${time}\n`
  const inner = `${margin}     `
  const rest = [
    ...(step.outcome === 'ok' && !verbose && step.title === step.sentence ? [] : [step.sentence]),
    ...(step.outcome === 'failed' || step.outcome === 'warning' ? [...othersText(step), ...(step.remedy === undefined ? [] : [`remedy: ${step.remedy}`])] : []),
    ...(verbose ? Object.entries(step.evidence).map(([name, value]) => `${name}: ${Array.isArray(value) ? value.join('; ') : String(value)}`) : []),
  ]
  return head + rest.map((line) => `${inner}${line}\n`).join('')
}

function othersText({ verdict }: Step): readonly string[] {
  return (verdict?.others ?? []).map(({ code, message, found }) => `also ${code}: ${found === undefined ? message : `${message}: ${found}`}`)
}

/** The last lines. */
export function summaryText({ target, profile, ok, verdict, notTried, ms }: CheckReport, { colours }: Io): string {
  const answer = ok ? paint(colours.out, 'green', 'all well') : paint(colours.out, 'red', verdict?.code ?? 'not so')
  const sentence = ok ? '' : `${verdict?.message ?? ''}${verdict?.found === undefined ? '' : `: ${verdict.found}`}\n${verdict?.fix === undefined ? '' : `remedy: ${verdict.fix}\n`}`
  const untried = notTried.length === 0 ? '' : `not tried: ${notTried.map(({ id }) => id).join(', ')}\n`
  return `${target} as ${profile}: ${answer} (${ms} ms)\n${sentence}${untried}`
}
