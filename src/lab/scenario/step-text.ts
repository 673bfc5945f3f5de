/** A step in one line, as progress and reports show it. */
import type { EventPattern, Expectation, PhoneStep, Step } from './format.ts'

export function stepText(step: Step): string {
  if (step.say !== undefined) return step.say.trim().replaceAll(/\s+/g, ' ')
  if (step.do !== undefined) return `siplab ${step.do}`
  if (step.kill !== undefined) return `kill -9 ${step.kill}`
  if (step.redial !== undefined) return `${step.redial} is dialled again`
  if (step.phone !== undefined) return phoneText(step.phone)
  return step.expect === undefined ? '' : expectationText(step.expect)
}

function phoneText({ user, does, at, over, client, root, to, text, ...step }: PhoneStep): string {
  switch (does) {
    case 'sign-in':
      return (
        `${user} signs in at ${at} over ${over}${client === 'communicator' ? ' with a Communicator client' : ''}` +
        `${root === false ? ', without the root certificate' : ''}`
      )
    case 'sign-out':
      return `${user} signs out`
    case 'message':
      return `${user} writes to ${to}${text === undefined ? '' : `: ${JSON.stringify(text)}`}`
    case 'buddy':
      return listed(`${user} watches ${to}`, worded('sees', step.sees), worded('note', step.seesNote))
    case 'presence':
      return listed(`${user} shows ${step.status}`, step.note)
    case 'search':
      return listed(`${user} searches for ${text}`, worded('finds', step.finds?.join(', ')))
    case 'call':
      return `${user} calls ${to}`
    case 'hang-up':
      return `${user} hangs up`
    default:
      return does satisfies never
  }
}

function expectationText(expect: Expectation): string {
  return expect.absent ? `not: ${subjectText(expect)}` : subjectText(expect)
}

function subjectText({
  node,
  state,
  exit,
  because,
  link,
  verdict,
  at,
  windows,
  serial,
  also,
  events,
  flow,
  shows,
  dialledWith,
}: Expectation): string {
  if (node !== undefined) return listed(`${node} is ${state}`, worded('exit', exit), because)
  if (verdict !== undefined)
    return listed(
      `verdict ${verdict}`,
      link,
      worded('seen by', at),
      windows,
      worded('serial', serial),
      worded('also', also?.join(', ')),
    )
  if (events !== undefined) return `${at} logs ${events.map(patternText).join(', ')}`
  if (flow !== undefined)
    return listed(`a live connection ${flow}`, worded('shown', shows), worded('dialled with', dialledWith))
  return listed(`${link} is ${state}`, because)
}

function worded(word: string, value: string | number | undefined): string | undefined {
  return value === undefined ? undefined : `${word} ${value}`
}

function patternText(pattern: EventPattern): string {
  return typeof pattern === 'string' ? pattern : pattern.event
}

function listed(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join(', ')
}
