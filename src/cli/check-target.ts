/** One check from the command line: the target looked up, walked, and what was asked for besides. */
import {
  bordersStep,
  checkReport,
  discoverDomain,
  discoverHost,
  fromVerdict,
  Journal,
  loginStep,
  totals,
  walk,
} from '../check/index.ts'
import type { Candidate, CheckReport, Reached } from '../check/index.ts'
import { isVerdict } from '../verdicts/codes.ts'
import { credentials, echoFor, type LoginArguments } from './check-credentials.ts'
import { certificateOwner } from './certificate-owner.ts'
import { checkNames } from './check-names.ts'
import type { SetupOptions } from './check-options.ts'
import { setUp, type Setup } from './check-setup.ts'
import { liveTree } from './check-text.ts'
import { foreignLinks } from '../lab/foreign.ts'
import { whileRunning } from '../lab/links.ts'
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
  const journal = new Journal(
    liveTree(io.err, { colours: io.colours.err, terminal: io.colours.err, verbose: options.verbose === true }),
    setup.lab === undefined
      ? { outside: hostOf(setup.destination) }
      : { ownerOf: certificateOwner(setup.lab.chosen.folder.root, setup.lab.plan) },
  )
  const { destination } = setup
  const done = (): CheckReport =>
    checkReport(target, options.profile, at, journal.steps, totals(journal.steps).verdict, performance.now() - began)
  if (options.names === true) {
    await checkNames(
      io,
      journal,
      destination.kind === 'domain' ? destination.domain : destination.host,
      setup.lab,
      options,
    )
    return done()
  }
  stoppedNode(journal, target, setup)
  const candidates = await discover(journal, setup)
  const domain = destination.kind === 'domain' ? destination.domain : destination.host
  const user = destination.kind === 'domain' ? destination.user : undefined
  const reached = await walk(
    journal,
    candidates,
    { uri: `sip:${domain}`, from: `sip:${user ?? 'check'}@${domain}` },
    setup.options,
  )
  await foreignSteps(journal, setup)
  if (options.probeBorders === true) await borders(journal, reached, domain, setup)
  if (options.login !== undefined) await login(io, journal, reached, setup, options)
  return done()
}

/** What our ends have seen of the links with a foreign server, both ways: a check itself is one connection more. */
async function foreignSteps(journal: Journal, { lab, foreign }: Setup): Promise<void> {
  if (lab === undefined || foreign === undefined) return
  const { plan, chosen } = lab
  const ends = plan.links.filter(({ to }) => to.name === foreign.name).map(({ from }) => from.name)
  const statuses = await Promise.all(
    [...new Set(ends)].map((node) => whileRunning(clientOf(chosen, node).get<NodeStatus>('/status'))),
  )
  const running = statuses.filter((status) => status !== undefined)
  for (const { link, state, since, seen, verdict: found } of foreignLinks(plan, chosen.folder.root, running, foreign))
    journal.put(`link.${link}`, `${link}: ${state}`, {
      outcome: state === 'up' ? 'ok' : state === 'down' ? 'warning' : 'note',
      code: found?.code ?? (state === 'up' ? 'ok' : 'not-tried'),
      sentence: `${link} is ${state}: ${seen}.`,
      evidence: { ...(since === undefined ? {} : { since }), ...(found === undefined ? {} : { found: found.message }) },
      ...(found === undefined ? {} : { verdict: found }),
    })
}

/** Nobody listens where a node has stopped, and the lab knows why it did. */
function stoppedNode(journal: Journal, target: string, { lab }: Setup): void {
  const verdict = lab?.chosen.record.stopped[target]?.verdict
  if (isVerdict(verdict))
    journal.put('node', `node ${target}`, fromVerdict({ ...verdict, message: `It has stopped. ${verdict.message}` }))
}

function hostOf(destination: Setup['destination']): string {
  return destination.kind === 'domain' ? destination.domain : destination.host
}

async function borders(
  journal: Journal,
  reached: Reached | undefined,
  domain: string,
  { options }: Setup,
): Promise<void> {
  if (reached !== undefined) return bordersStep(journal, reached, domain, options)
  const sentence = 'Not tried: a client would not have come this far.'
  journal.put('borders', 'borders', { outcome: 'not-tried', code: 'not-tried', sentence, evidence: {} })
}

async function login(
  io: Io,
  journal: Journal,
  reached: Reached | undefined,
  { destination, lab, options: checkOptions }: Setup,
  options: CheckTargetOptions,
): Promise<void> {
  if (reached === undefined)
    return journal.put('login', 'sign-in', {
      outcome: 'not-tried',
      code: 'not-tried',
      sentence: 'Not tried: a client would not have come this far.',
      evidence: {},
    })
  const who = await credentials(io, options, destination, lab)
  await loginStep(journal, reached, who, echoFor(options, who, lab), checkOptions)
}

async function discover(journal: Journal, { destination, options }: Setup): Promise<readonly Candidate[]> {
  const { profile, resolver, relaxedNaming } = options
  if (destination.kind === 'domain')
    return discoverDomain(journal, destination.domain, { profile, resolver, relaxedNaming })
  const { host, port, transport, found, address, names } = destination
  const candidates = await discoverHost(
    journal,
    { host, port, transport, found, ...(address === undefined ? {} : { address }) },
    resolver,
  )
  return candidates.map((candidate) => ({ ...candidate, names }))
}
