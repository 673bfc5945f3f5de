/**
 * The timeline of one run as SVG: a lane for the story, one for each node with its state and events, one for each link.
 */
import { escaped } from '../../reports/markup.ts'
import type { ArrivedEvent } from './driver.ts'
import type { ScenarioResult, StepResult } from './run.ts'

const labelWidth = 148
const laneWidth = 980
const laneHeight = 30
const linkHeight = 20
const top = 34
/** What happens close together stays apart, what is far apart does not run off the page: no gap counts for more. */
const longestGapMs = 700
const shortestGapMs = 30

export type Band = {
  readonly fromMs: number
  readonly toMs: number
  readonly state: 'starting' | 'ready' | 'degraded' | 'stopped' | 'up' | 'down'
}

export function lanes(result: ScenarioResult): string {
  const shown = result.nodes.filter(({ name }) => result.events.some(({ event }) => event.node === name))
  const links = linksOf(result)
  const endMs = Math.max(1, result.tookMs, ...result.events.map(({ atMs }) => atMs))
  const scale = timeScale([
    0,
    ...result.steps.map(({ atMs }) => atMs),
    ...result.steps.map(({ atMs, tookMs }) => atMs + tookMs),
    ...result.events.map(({ atMs }) => atMs),
  ])
  const nodesTop = top + laneHeight
  const linksTop = nodesTop + shown.length * laneHeight
  const height = linksTop + links.length * linkHeight + 10
  return [
    `<svg viewBox="0 0 ${labelWidth + laneWidth + 24} ${height}" role="img" aria-label="Timeline of ` +
      `${escaped(result.name)}">`,
    gaps(scale, height),
    axis(scale),
    storyLane(result.steps, scale),
    ...shown.map(({ name }, at) => nodeLane(name, result, { scale, endMs, y: nodesTop + at * laneHeight })),
    ...links.map((link, at) => linkLane(link, result, { scale, endMs, y: linksTop + at * linkHeight })),
    '</svg>',
  ].join('\n')
}

interface Place {
  readonly scale: Scale
  readonly endMs: number
  readonly y: number
}

interface Scale {
  x(ms: number): number
  /** Stretches of time that were cut short. */
  readonly gaps: readonly { readonly fromMs: number; readonly toMs: number }[]
  readonly marksMs: readonly number[]
}

function timeScale(moments: readonly number[]): Scale {
  const sorted = [...new Set(moments)].toSorted((a, b) => a - b)
  const places = new Map<number, number>()
  const cut: { fromMs: number; toMs: number }[] = []
  let width = 0
  let last = 0
  for (const ms of sorted) {
    if (ms - last > longestGapMs) cut.push({ fromMs: last, toMs: ms })
    width += ms === last ? 0 : Math.min(longestGapMs, Math.max(shortestGapMs, ms - last))
    places.set(ms, width)
    last = ms
  }
  const factor = (laneWidth - 16) / Math.max(1, width)
  const x = (ms: number): number => labelWidth + 8 + factor * placeOf(sorted, places, ms)
  return { x, gaps: cut, marksMs: spread(sorted, x) }
}

function placeOf(sorted: readonly number[], places: ReadonlyMap<number, number>, ms: number): number {
  const exact = places.get(ms)
  if (exact !== undefined) return exact
  const before = sorted.findLast((each) => each < ms) ?? 0
  const after = sorted.find((each) => each > ms)
  const from = places.get(before) ?? 0
  if (after === undefined) return from
  return from + ((places.get(after) ?? from) - from) * ((ms - before) / (after - before))
}

/** Moments far enough apart for a label each. */
function spread(sorted: readonly number[], x: (ms: number) => number): readonly number[] {
  const chosen: number[] = []
  for (const ms of sorted) if (chosen.length === 0 || x(ms) - x(chosen.at(-1) ?? 0) > 64) chosen.push(ms)
  return chosen
}

function gaps({ gaps: all, x }: Scale, height: number): string {
  return all
    .map(
      ({ fromMs, toMs }) =>
        `<rect class="gap" x="${at(x(fromMs))}" y="${top - 10}" width="${at(x(toMs) - x(fromMs))}" ` +
        `height="${height - top}"><title>${((toMs - fromMs) / 1000).toFixed(1)} s, drawn shorter</title></rect>`,
    )
    .join('')
}

function axis({ marksMs, x }: Scale): string {
  return marksMs
    .map((ms) => `<text class="tick" x="${at(x(ms))}" y="14">${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s</text>`)
    .join('')
}

function storyLane(steps: readonly StepResult[], { x }: Scale): string {
  const y = top
  const marks = steps
    .filter(({ kind, outcome }) => kind !== 'say' && outcome !== 'skipped')
    .map((step) => {
      const width = Math.max(5, x(step.atMs + step.tookMs) - x(step.atMs))
      return (
        `<rect class="step ${step.outcome} ${step.kind === 'expect' ? 'expect' : 'act'}" x="${at(x(step.atMs))}" ` +
        `y="${y + 5}" width="${at(width)}" height="${laneHeight - 14}" rx="2"><title>line ${step.line}: ` +
        `${escaped(step.text)}</title></rect>`
      )
    })
  return `<text class="lane story" x="0" y="${y + 18}">story</text>${marks.join('')}`
}

function nodeLane(node: string, result: ScenarioResult, { scale, endMs, y }: Place): string {
  const bands = nodeBands(node, result, endMs).map((band) => bar(band, scale, y + 11, 8))
  const marks = result.events
    .filter(({ event }) => event.node === node)
    .map((arrived) => mark(arrived, scale.x(arrived.atMs), y + 15))
  return `<text class="lane" x="0" y="${y + 19}">${escaped(node)}</text>${bands.join('')}${marks.join('')}`
}

/** When a node started, was ready, ended: from its own events and from what the supervisor saw of its process. */
export function nodeBands(
  node: string,
  { events, stops }: Pick<ScenarioResult, 'events' | 'stops'>,
  endMs: number,
): readonly Band[] {
  const states: readonly StateChange[] = [
    ...events.flatMap(({ atMs, event }) => {
      const state = event.node === node ? stateAfter[event.event] : undefined
      return state === undefined ? [] : [{ atMs, state }]
    }),
    ...stops.filter((stop) => stop.node === node).map(({ atMs }) => ({ atMs, state: 'stopped' as const })),
  ]
  return bandsOf(states, endMs)
}

const stateAfter: Readonly<Record<string, Band['state']>> = {
  'service.starting': 'starting',
  'service.ready': 'ready',
  'service.shut-down': 'stopped',
  'service.stopped': 'stopped',
  'store.lost': 'degraded',
  'store.back': 'ready',
}

function linksOf({ events }: ScenarioResult): readonly string[] {
  return [
    ...new Set(
      events
        .filter(({ event }) => event.event === 'link.up' || event.event === 'link.down')
        .map(({ event }) => `${event.node} \u2192 ${String(event.data?.['peer'])}`),
    ),
  ].sort()
}

function linkLane(link: string, { events }: ScenarioResult, { scale, endMs, y }: Place): string {
  const [node, peer] = link.split(' \u2192 ')
  const own = events.filter(
    ({ event }) => event.node === node && (event.event === 'service.starting' || event.data?.['peer'] === peer),
  )
  const states = own.flatMap(({ atMs, event }): readonly StateChange[] =>
    event.event === 'link.up' ? [{ atMs, state: 'up' }] : event.event === 'link.down' ? [{ atMs, state: 'down' }] : [],
  )
  const why = own
    .filter(({ event }) => event.event === 'link.down')
    .map(({ atMs, event }) => ({ atMs, code: event.verdict?.code ?? 'no reason known' }))
  const bands = bandsOf(states, endMs).map((band) =>
    bar(band, scale, y + 8, 4, band.state === 'down' ? why.find(({ atMs }) => atMs === band.fromMs)?.code : undefined),
  )
  return `<text class="link" x="0" y="${y + 13}">${escaped(shortLink(link))}</text>${bands.join('')}`
}

function shortLink(link: string): string {
  return link.replace(/ \u2192 ([a-z0-9-]+)\..*$/, ' \u2192 $1')
}

interface StateChange {
  readonly atMs: number
  readonly state: Band['state']
}

function bandsOf(states: readonly StateChange[], endMs: number): readonly Band[] {
  const sorted = states.toSorted((a, b) => a.atMs - b.atMs)
  return sorted.map(({ atMs, state }, index) => ({ fromMs: atMs, toMs: sorted[index + 1]?.atMs ?? endMs, state }))
}

function bar({ fromMs, toMs, state }: Band, { x }: Scale, y: number, height: number, why?: string): string {
  const width = Math.max(1, x(toMs) - x(fromMs))
  return (
    `<rect class="band ${state}" x="${at(x(fromMs))}" y="${y}" width="${at(width)}" height="${height}">` +
    `<title>${state}${why === undefined ? '' : `: ${escaped(why)}`}</title></rect>`
  )
}

function mark({ event }: ArrivedEvent, x: number, y: number): string {
  const title =
    '<title>' +
    `${escaped(`${event.event}: ${event.message}${event.verdict === undefined ? '' : ` (${event.verdict.code})`}`)}` +
    '</title>'
  if (event.level === 'error') return `<path class="mark error" d="M${at(x)} ${y - 7}l6 7-6 7-6-7z">${title}</path>`
  if (event.level === 'warn') return `<path class="mark warn" d="M${at(x)} ${y - 6}l6 11h-12z">${title}</path>`
  return `<circle class="mark ${event.level}" cx="${at(x)}" cy="${y}" r="3">${title}</circle>`
}

function at(x: number): string {
  return x.toFixed(1)
}
