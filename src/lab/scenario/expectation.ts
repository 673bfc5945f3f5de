/** Whether what a scenario expects is so: pure, over what the nodes wrote and their states. */
import { dialledNames } from '../links.ts'
import { isConnectionEvent, isDialEvent, joinEvents } from '../join.ts'
import type { NodeEvent } from '../../node/control/control-api.ts'
import type { Verdict } from '../../verdicts/verdict.ts'
import type { LabPlan } from '../../topology/plan-types.ts'
import type { LiveFlow, NodeStanding } from './driver.ts'
import type { EventPattern, Expectation } from './format.ts'

/** What is known at one moment. */
export interface Situation {
  readonly plan: Pick<LabPlan, 'nodes'>
  /** Everything since the scenario began. */
  readonly events: readonly NodeEvent[]
  /** What came since the actions before this expectation began. */
  readonly since: readonly NodeEvent[]
  /** Of the node the expectation names. */
  readonly standing: NodeStanding | undefined
  /** Read only where a flow is expected. */
  readonly flows: readonly LiveFlow[]
}

export interface Finding {
  readonly held: boolean
  /** One sentence each. */
  readonly wanted: string
  readonly found: string
  /** Where to look further: a command. */
  readonly next: string
  /** What an administrator reads of it: events with their numbers and texts, the sentence of a verdict. */
  readonly told?: readonly string[]
}

/** Holds `expect` against what is known now. */
export function judge(expect: Expectation, situation: Situation): Finding {
  const finding = judgeSubject(expect, situation)
  if (!expect.absent) return finding
  const { told: _told, ...rest } = finding
  return { ...rest, held: !finding.held, wanted: `not: ${finding.wanted}` }
}

function judgeSubject(expect: Expectation, situation: Situation): Finding {
  if (expect.node !== undefined) return judgeNode(expect, expect.node, situation)
  if (expect.verdict !== undefined) return judgeVerdict(expect, expect.verdict, situation)
  if (expect.events !== undefined) return judgeEvents(expect.at ?? '', expect.events, situation)
  if (expect.flow !== undefined) return judgeFlow(expect, expect.flow, situation)
  return judgeLink(expect, expect.link ?? '', situation)
}

function judgeNode({ state, exit, because }: Expectation, node: string, { standing }: Situation): Finding {
  const held =
    standing?.state === state &&
    (exit === undefined || standing?.exit === exit) &&
    (because === undefined || standing?.verdict?.code === because)
  const found =
    standing === undefined
      ? 'nothing known'
      : [
          standing.state,
          standing.exit === undefined ? standing.signal : `exit ${standing.exit}`,
          standing.verdict?.code,
        ]
          .filter((part) => part !== undefined)
          .join(', ')
  const wanted = [state, exit === undefined ? undefined : `exit ${exit}`, because]
  return {
    held,
    wanted: `${node} ${wanted.filter((part) => part !== undefined).join(', ')}`,
    found: `${node} ${found}`,
    next: `siplab events ${node}`,
    ...(standing?.verdict === undefined ? {} : { told: [verdictTold(standing.verdict)] }),
  }
}

function judgeVerdict(expect: Expectation, code: string, { since }: Situation): Finding {
  const verdicts = verdictsOf(since)
  const fitting = verdicts.find((verdict) => verdict.code === code && verdictFits(expect, verdict))
  const held = fitting !== undefined
  const details = Object.entries({
    link: expect.link,
    at: expect.at,
    windows: expect.windows,
    serial: expect.serial,
    found: expect.found,
    also: expect.also?.join(', '),
  }).flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]))
  const seen = verdicts.map(({ code: found, link, node }) => `${found} on ${link ?? node ?? 'no node'}`)
  return {
    held,
    wanted: `the verdict ${[code, ...details].join(', ')}`,
    found: seen.length === 0 ? 'no verdict' : [...new Set(seen)].slice(-8).join('; '),
    next: 'siplab events --joined',
    ...(fitting === undefined ? {} : { told: [verdictTold(fitting)] }),
  }
}

function verdictFits({ link, at, windows, serial, found, also = [] }: Expectation, verdict: Verdict): boolean {
  return (
    (link === undefined || verdict.link === link) &&
    (at === undefined || verdict.node === at) &&
    (windows === undefined || verdict.windows?.hresult === windows) &&
    (serial === undefined || verdict.certificate?.serial === serial) &&
    (found === undefined || (verdict.found ?? '').includes(found)) &&
    also.every((code) => verdict.others?.some((other) => other.code === code) === true)
  )
}

/** Joined where both ends wrote about one connection, and what a node says of itself. */
function verdictsOf(events: readonly NodeEvent[]): readonly Verdict[] {
  const own = events.flatMap((event) =>
    event.verdict === undefined || isConnectionEvent(event) || isDialEvent(event)
      ? []
      : [{ node: event.node, ...event.verdict }],
  )
  return [...joinEvents(events), ...own]
}

function judgeEvents(node: string, patterns: readonly EventPattern[], { since }: Situation): Finding {
  const written = since.filter((event) => event.node === node)
  const matched: NodeEvent[] = []
  for (const event of written) {
    const pattern = patterns[matched.length]
    if (pattern !== undefined && eventFits(pattern, event)) matched.push(event)
  }
  const reached = matched.length
  const seen = written
    .slice(-12)
    .map(({ event }) => event)
    .join(', ')
  const missing = patterns[reached]
  return {
    held: reached === patterns.length,
    wanted: `${node} logs ${patterns.map(patternText).join(', then ')}`,
    found:
      `${seen === '' ? 'it logged nothing' : `it logged ${seen}`}` +
      `${missing === undefined ? '' : `; missing ${patternText(missing)}`}`,
    next: `siplab events ${node}`,
    told: matched.map(eventTold),
  }
}

/** `fe1, event 14409 certificate.not-loaded: A configured certificate could not be loaded`. */
function eventTold({ node, event, eventId, message }: NodeEvent): string {
  return `${node}, ${eventId === undefined ? '' : `event ${eventId} `}${event}: ${message}`
}

function verdictTold({ code, windows, message }: Verdict): string {
  const number = windows === undefined ? '' : ` (${windows.hresult} ${windows.name})`
  return `${code}${number}: ${message}`
}

function eventFits(pattern: EventPattern, { event, message, verdict, data }: NodeEvent): boolean {
  if (typeof pattern === 'string') return event === pattern
  const dataFits = Object.entries(pattern.data ?? {}).every(([name, value]) => data?.[name] === value)
  return (
    event === pattern.event &&
    (pattern.verdict === undefined || verdict?.code === pattern.verdict) &&
    (pattern.says === undefined || message.includes(pattern.says)) &&
    dataFits
  )
}

function patternText(pattern: EventPattern): string {
  if (typeof pattern === 'string') return pattern
  const data = Object.entries(pattern.data ?? {}).map(([name, value]) => `${name} ${value}`)
  const details = [pattern.verdict, pattern.says, ...data].filter((part) => part !== undefined)
  return details.length === 0 ? pattern.event : `${pattern.event} (${details.join(', ')})`
}

function judgeFlow({ shows, dialledWith }: Expectation, link: string, { flows }: Situation): Finding {
  const there = flows.filter((flow) => flow.link === link)
  const held = there.some(
    (flow) =>
      (shows === undefined || flow.shown === shows) && (dialledWith === undefined || flow.dialledWith === dialledWith),
  )
  const details = [
    ...(shows === undefined ? [] : [`shown ${shows}`]),
    ...(dialledWith === undefined ? [] : [`dialled with ${dialledWith}`]),
  ]
  const found = there.map(
    ({ shown, dialledWith: own }) => `shown ${shown ?? 'nothing'}, dialled with ${own ?? 'nothing'}`,
  )
  return {
    held,
    wanted: `a live connection ${[link, ...details].join(', ')}`,
    found: found.length === 0 ? 'none' : found.join('; '),
    next: 'siplab status --json',
  }
}

function judgeLink({ state, because }: Expectation, link: string, { events, plan }: Situation): Finding {
  const [from = '', to = ''] = link.split('->')
  const peer = plan.nodes.find(({ name }) => name === to)
  const names = new Set(peer === undefined ? [to] : dialledNames(peer))
  let found: { readonly state: string; readonly code?: string } = { state: 'untried' }
  for (const { node, event, data, verdict } of events) {
    if (node !== from) continue
    if (event === 'service.starting') found = { state: 'untried' }
    if ((event === 'link.up' || event === 'link.down') && names.has(String(data?.['peer'])))
      found = { state: event === 'link.up' ? 'up' : 'down', ...(verdict === undefined ? {} : { code: verdict.code }) }
  }
  const held = found.state === state && (because === undefined || found.code === because)
  return {
    held,
    wanted: `${link} ${state}${because === undefined ? '' : `, ${because}`}`,
    found: `${link} ${found.state}${found.code === undefined ? '' : `, ${found.code}`}`,
    next: `siplab events ${from}`,
  }
}
