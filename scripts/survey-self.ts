/**
 * Surveys siplab by itself: each role of a lab as acceptor and as dialler, on the links that the plan has. The nodes
 * trust the root of the survey for that time. As dialler: the other end of a link is stopped, the survey listens in its
 * place, and the node gets the command to dial its peer. Nothing critical may be accepted.
 * Run: node scripts/survey-self.ts [--topology NAME…] [--tls 1.2|1.3]. Exit status 1: something critical was.
 */
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { surveyClock } from '../src/cli/survey-setup.ts'
import type { RunningLabAccess } from '../src/lab/running-lab.ts'
import type { NodeStatus } from '../src/node/control/control-api.ts'
import { nodeFolder } from '../src/node/control/node-folder.ts'
import { acceptedFaults, connectOnce, goodPresenter, openGround, openListener } from '../src/survey/index.ts'
import { planTrials, surveyByDialling, totalsOf } from '../src/survey/index.ts'
import type { Connected, Shown, Survey, SurveyGround, TlsVersion, Visit } from '../src/survey/index.ts'
import type { Link, NodePlan } from '../src/topology/plan-types.ts'
import { bringUpQuietly } from './script-lab.ts'

interface Ends {
  readonly link: Link
  readonly from: NodePlan
  readonly to: NodePlan
}

interface Setting {
  readonly access: RunningLabAccess
  readonly ground: SurveyGround
  readonly versions: readonly TlsVersion[]
}

/** One link for each role that accepts, and one for each that dials. */
function linksOf({ plan }: RunningLabAccess): {
  readonly accepting: readonly Ends[]
  readonly dialling: readonly Ends[]
} {
  const ends = plan.links.flatMap((link): readonly Ends[] => {
    const from = plan.nodes.find(({ name }) => name === link.from.name)
    const to = plan.nodes.find(({ name }) => name === link.to.name)
    const mutual = link.verification?.acceptor !== undefined
    return from === undefined || to === undefined || link.transport !== 'tls' || !link.allowed || !mutual
      ? []
      : [{ link, from, to }]
  })
  const first = (roleOf: (each: Ends) => string): readonly Ends[] =>
    [...Map.groupBy(ends, roleOf).values()].flatMap((some) => some.slice(0, 1))
  return { accepting: first(({ to }) => to.role), dialling: first(({ from }) => from.role) }
}

/** Where a link leads. */
function placeOf({ link, to }: Ends): { readonly address: string; readonly port: number } {
  const listener = to.listeners.find(({ face, port }) => port === link.port && face === (link.to.face ?? face))
  if (listener === undefined) throw new Error(`${to.name} has no listener at port ${link.port}`)
  return { address: listener.address, port: link.port }
}

async function acceptor(ends: Ends, { ground, versions }: Setting): Promise<Survey> {
  const target = { place: placeOf(ends), host: ends.link.dials, timeoutMs: 12_000 }
  const { wantsName = ends.from.fqdn, mutual } = ends.link.verification?.acceptor ?? {}
  return survey(`${ends.to.role} ${ends.to.name}, dialled as ${ends.from.name}`, 'client', wantsName, {
    ground,
    versions,
    asksOnly: mutual === 'requested',
    connect: ({ presenter }, version) => connectOnce(target, presenter, version),
  })
}

async function dialler(ends: Ends, { ground, versions, access }: Setting): Promise<Survey> {
  const { link, from, to } = ends
  const supervisor = access.supervisor()
  await linkUp(ends, access)
  await supervisor.post('/node-stop', { node: to.name })
  try {
    return await survey(`${from.role} ${from.name}, dialling ${to.name}`, 'server', link.dials, {
      ground,
      versions,
      connect: (shown, version) => visited(ends, shown, version, { ground, access }),
    })
  } finally {
    await supervisor.post('/node-start', { node: to.name })
  }
}

/** Waits until the link is up: a gateway dials only peers that have shown themselves since the gateway started. */
async function linkUp({ link, from, to }: Ends, access: RunningLabAccess): Promise<void> {
  const names = [link.dials, to.fqdn]
  for (let tries = 0; tries < 300; tries += 1) {
    const { links } = await access.clientOf(from.name).get<NodeStatus>('/status')
    if (links.some(({ peer, state }) => names.includes(peer) && state === 'up')) return
    await setTimeout(200)
  }
  throw new Error(`the link from ${from.name} to ${to.name} is not up after 60 s`)
}

/** Listens in the place of the peer until the node has asked it. */
async function visited(
  ends: Ends,
  { presenter }: Shown,
  version: TlsVersion,
  { ground, access }: Pick<Setting, 'ground' | 'access'>,
): Promise<Connected> {
  const visits: Visit[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const { settings } = presenter
  const listener = await openListener({
    ...placeOf(ends),
    rootPem: ground.root.toString(),
    versions: [version],
    ...(settings === undefined ? {} : { settings }),
    patienceMs: 3000,
    choose: () => ({ slug: 'shown', presenter }),
    onVisit: (visit) => {
      visits.push(visit)
      resolve()
    },
  })
  try {
    const late = setTimeout(30_000, undefined, { ref: false })
    const asked = access.clientOf(ends.from.name).post('/redial', { peer: ends.to.fqdn })
    await Promise.race([Promise.all([promise, asked]), late])
    // What the node dialled by itself a moment earlier was closed to dial anew: acceptance once is acceptance.
    const visit = visits.find(({ seen }) => seen.kind === 'sip') ?? visits.at(-1)
    return { seen: visit?.seen ?? { kind: 'none', words: `${ends.from.name} did not dial` } }
  } finally {
    await listener.close()
  }
}

function survey(
  target: string,
  side: 'client' | 'server',
  name: string,
  {
    ground,
    versions,
    connect,
    asksOnly = false,
  }: Pick<Setting, 'ground' | 'versions'> & {
    readonly asksOnly?: boolean
    readonly connect: (shown: Shown, version: TlsVersion) => Promise<Connected>
  },
): Promise<Survey> {
  return surveyByDialling({
    target,
    // Where clients dial as well, who shows no certificate is a client.
    planned: planTrials({ ground, side, name, crls: false }).filter(
      ({ judged }) => !asksOnly || judged?.verdict !== 'tls.client-cert-missing',
    ),
    good: (now) => goodPresenter({ ground, name }, now),
    versions,
    bounds: { connections: 400, seconds: 900, paceMs: 0 },
    clock: surveyClock(),
    signal: new AbortController().signal,
    connect,
    siplab: 'siplab survey of itself',
  })
}

/** What it found: one line, and one for each accepted fault and unclear trial. @returns false where it is no proof */
function told(found: Survey): boolean {
  const { accepted, outcomes } = totalsOf(found)
  console.log(
    `${found.target}: ${accepted.critical} critical, ${accepted.serious} serious, ${accepted.remark} remarks ` +
      `accepted; ${outcomes.refused} refused, ${outcomes.unclear} unclear, ${outcomes.cannot} cannot be tried` +
      (found.stopped === undefined ? '' : `; stopped: ${found.stopped}`),
  )
  for (const { fault, severity, versions } of acceptedFaults(found))
    console.log(`  ${severity}: ${fault} (TLS ${versions.join(', ')})`)
  for (const { fault, tls, outcome } of found.trials)
    if (outcome.kind === 'unclear') console.log(`  unclear: ${fault} (TLS ${tls}): ${outcome.words}`)
  return found.stopped === undefined && accepted.critical === 0
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      topology: { type: 'string', multiple: true, default: ['standard-edge', 'edge', 'trunk'] },
      tls: { type: 'string' },
    },
  })
  const versions = (['1.2', '1.3'] as const).filter((each) => (values.tls ?? each) === each)
  let sound = true
  const seen = new Set<string>()
  for (const topology of values.topology) sound = (await surveyLab(topology, versions, seen)) && sound
  console.log(`surveyed: ${[...seen].toSorted().join(', ')}`)
  return sound ? 0 : 1
}

/** @param seen roles that were surveyed before, as `director accepting`; those of this lab are added */
async function surveyLab(topology: string, versions: readonly TlsVersion[], seen: Set<string>): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'siplab-survey-self-'))
  const lab = await bringUpQuietly(topology, join(folder, 'lab'), undefined)
  const isNew = (role: string): boolean => !seen.has(role) && seen.add(role).has(role)
  try {
    const setting = { access: lab.access, ground: openGround(join(folder, 'ground'), Date.now()), versions }
    await trustRoot(setting)
    const { accepting, dialling } = linksOf(lab.access)
    let sound = true
    for (const ends of accepting)
      if (isNew(`${ends.to.role} accepting`)) sound = told(await acceptor(ends, setting)) && sound
    for (const ends of dialling)
      if (isNew(`${ends.from.role} dialling`)) sound = told(await dialler(ends, setting)) && sound
    return sound
  } finally {
    await lab.stop()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}

/** As the administrator would: appended to the list of each node, and read again. */
async function trustRoot({ access, ground }: Setting): Promise<void> {
  for (const { name, role, listeners } of access.plan.nodes) {
    if (!listeners.some(({ transport }) => transport === 'tls')) continue
    const { trust, externalTrust } = nodeFolder(access.root, name)
    for (const list of role === 'access-proxy' ? [trust, externalTrust] : [trust])
      appendFileSync(list, `\n${ground.root.toString()}`)
    await access.clientOf(name).post('/reload', {})
  }
}

process.exitCode = await main()
