/** One check from the command line: the target looked up, walked, and what was asked for besides. */
import {
  bordersStep,
  checkReport,
  discoverDomain,
  discoverHost,
  fromVerdict,
  CheckLog,
  loginStep,
  totals,
  walk,
} from '../check/index.ts'
import type { Candidate, CheckReport, RemedyContext, Reached } from '../check/index.ts'
import { isVerdict, verdict } from '../verdicts/codes.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import { databaseSteps } from './check-databases.ts'
import { credentials, echoFor, type LoginArguments } from './check-credentials.ts'
import { certificateOwner } from './certificate-owner.ts'
import { checkNames } from './check-names.ts'
import type { SetupOptions } from './check-options.ts'
import { setUp, type Setup } from './check-setup.ts'
import { liveTree } from './check-text.ts'
import { faultOn } from '../faults/record.ts'
import { foreignLinks } from '../lab/foreign.ts'
import type { StoppedNode } from '../lab/lab-folder.ts'
import { dialledNames, whileRunning } from '../lab/links.ts'
import type { LabPlan } from '../topology/plan-types.ts'
import type { NodeStatus } from '../node/control/control-api.ts'
import type { Io } from './io.ts'
import { clientOf } from './lab-choice.ts'

export interface CheckTargetOptions extends SetupOptions, LoginArguments {
  readonly verbose?: true
  readonly names?: true
  readonly probeBorders?: true
}

export async function checkTarget(io: Io, target: string, options: CheckTargetOptions): Promise<CheckReport> {
  const setup = setUp(io, target, options)
  const began = performance.now()
  const at = new Date()
  const log = new CheckLog(liveTree(io, { verbose: options.verbose === true }), remedyContext(setup, options))
  const { destination } = setup
  const done = (): CheckReport =>
    checkReport(target, options.profile, at, log.steps, totals(log.steps).verdict, performance.now() - began)
  if (options.names === true) {
    await checkNames(io, log, destination.kind === 'domain' ? destination.domain : destination.host, setup.lab, options)
    return done()
  }
  stoppedNode(log, target, setup)
  const candidates = await discover(log, setup)
  const domain = destination.kind === 'domain' ? destination.domain : destination.host
  const user = destination.kind === 'domain' ? destination.user : undefined
  const reached = await walk(
    log,
    candidates,
    { uri: `sip:${domain}`, from: `sip:${user ?? 'check'}@${domain}` },
    setup.options,
  )
  await databaseSteps(log, target, setup.lab)
  await foreignSteps(log, setup)
  if (options.probeBorders === true) await borders(log, reached, domain, setup)
  if (options.login !== undefined) await login(io, log, reached, setup, options)
  return done()
}

/** What our ends have seen of the links with a foreign server, both ways: a check itself is one connection more. */
async function foreignSteps(log: CheckLog, { lab, foreign }: Setup): Promise<void> {
  if (lab === undefined || foreign === undefined) return
  const { plan, chosen } = lab
  const ends = plan.links.filter(({ to }) => to.name === foreign.name).map(({ from }) => from.name)
  const statuses = await Promise.all(
    [...new Set(ends)].map((node) => whileRunning(clientOf(chosen, node).get<NodeStatus>('/status'))),
  )
  const running = statuses.filter((status) => status !== undefined)
  for (const { link, state, since, seen, verdict: found } of foreignLinks(plan, chosen.folder.root, running, foreign))
    log.put(`link.${link}`, `${link}: ${state}`, {
      outcome: state === 'up' ? 'ok' : state === 'down' ? 'warning' : 'note',
      code: found?.code ?? (state === 'up' ? 'ok' : 'not-tried'),
      sentence: `${link} is ${state}: ${seen}.`,
      evidence: { ...(since === undefined ? {} : { since }), ...(found === undefined ? {} : { found: found.message }) },
      ...(found === undefined ? {} : { verdict: found }),
    })
}

/** A stopped node has no listener to check, and the lab knows why the node stopped, or at least how. */
function stoppedNode(log: CheckLog, target: string, { lab }: Setup): void {
  const stopped = lab?.chosen.record.stopped[target]
  if (lab === undefined || stopped === undefined) return
  const why = isVerdict(stopped.verdict) ? stopped.verdict : endedWithout(target, stopped)
  // With a fault on the node, siplab certs renew refuses to work.
  const on = faultOn(lab.chosen.folder, target)
  const heal = on === undefined ? {} : { fix: `remove the fault ${on.fault}: siplab heal ${target}` }
  log.put('node', `node ${target}`, fromVerdict({ ...why, ...heal, message: `It has stopped. ${why.message}` }))
}

/** It was stopped by command or by a signal: no error of its own says why. */
function endedWithout(node: string, { at, exit, signal }: StoppedNode): Verdict {
  const how = signal === undefined ? `exit status ${exit ?? 0}` : `signal ${signal}`
  return verdict('link.refused', {
    node,
    found: `its process ended at ${at} with ${how}`,
    fix: `start the node: siplab node start ${node}`,
  })
}

/** Whose remedies they are: of a server outside, or of the nodes at both ends. */
function remedyContext({ destination, lab, foreign }: Setup, { as }: CheckTargetOptions): RemedyContext {
  if (lab === undefined) return { outside: hostOf(destination) }
  const acceptor = foreign === undefined ? acceptorOf(lab.plan, destination) : undefined
  return {
    ownerOf: certificateOwner(lab.chosen.folder.root, lab.plan),
    ...(foreign === undefined ? {} : { outside: foreign.fqdn }),
    ...(acceptor === undefined ? {} : { acceptor }),
    ...(as === undefined ? {} : { dialler: as }),
  }
}

/** Undefined where a name stands for several front ends, or for none. */
function acceptorOf({ nodes, phones }: LabPlan, destination: Setup['destination']): string | undefined {
  const from = destination.view === 'external' ? 'outside' : 'inside'
  const names =
    destination.kind === 'place'
      ? [destination.host, destination.address]
      : phones.filter((phone) => phone.domain === destination.domain && phone.from === from).map(({ host }) => host)
  const found = nodes.filter(
    (node) =>
      node.role !== 'load-balancer' &&
      [...dialledNames(node), ...node.faces.map(({ address }) => address)].some((name) => names.includes(name)),
  )
  return found.length === 1 ? found[0]?.name : undefined
}

function hostOf(destination: Setup['destination']): string {
  return destination.kind === 'domain' ? destination.domain : destination.host
}

async function borders(log: CheckLog, reached: Reached | undefined, domain: string, { options }: Setup): Promise<void> {
  if (reached !== undefined) return bordersStep(log, reached, domain, options)
  const sentence = 'Not tried: a client would not have come this far.'
  log.put('borders', 'borders', { outcome: 'not-tried', code: 'not-tried', sentence, evidence: {} })
}

async function login(
  io: Io,
  log: CheckLog,
  reached: Reached | undefined,
  { destination, lab, options: checkOptions }: Setup,
  options: CheckTargetOptions,
): Promise<void> {
  if (reached === undefined)
    return log.put('login', 'sign-in', {
      outcome: 'not-tried',
      code: 'not-tried',
      sentence: 'Not tried: a client would not have come this far.',
      evidence: {},
    })
  const who = await credentials(io, options, destination, lab)
  await loginStep(log, reached, who, echoFor(options, who, lab), checkOptions)
}

async function discover(log: CheckLog, { destination, options }: Setup): Promise<readonly Candidate[]> {
  const { profile, resolver, relaxedNaming } = options
  if (destination.kind === 'domain')
    return discoverDomain(log, destination.domain, { profile, resolver, relaxedNaming })
  const { host, port, transport, found, address, names } = destination
  const candidates = await discoverHost(
    log,
    { host, port, transport, found, ...(address === undefined ? {} : { address }) },
    resolver,
  )
  return candidates.map((candidate) => ({ ...candidate, names }))
}
