/**
 * `siplab up TOPOLOGY --peer PEER --on DAY`: the lab file with a gateway that plays the peer. Written beside the folder
 * of the lab, since every node reads it.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseDocument } from 'yaml'
import { playedRules } from '../peers/played.ts'
import type { PeerPolicy } from '../peers/policy.ts'
import { configFolder, topologyNames } from '../topology/load.ts'
import { dayOption, peerNamed } from './explain-link.ts'
import { chooseTopology, type ChosenTopology } from './topology-options.ts'
import { UsageError } from './usage-error.ts'
import type { Io } from './io.ts'
import { withPath } from '../verdicts/machine-limit.ts'

interface RehearsalOptions {
  readonly peer?: string
  readonly on?: string
}

/** The chosen lab itself where no peer is named. @throws UsageError */
export function rehearse(io: Io, chosen: ChosenTopology, data: string, { peer, on }: RehearsalOptions): ChosenTopology {
  if (peer === undefined) {
    if (on !== undefined) throw new UsageError('--on needs --peer PEER')
    return chosen
  }
  const policy = peerNamed(peer, '--peer')
  const day = on === undefined ? policy.checked : dayOption(on)
  const gateway = Object.entries(chosen.topology.hosts).find(([, { role }]) => role === 'gateway')?.[0]
  if (gateway === undefined)
    throw new UsageError(`--peer: wanted a lab with a gateway, such as trunk; ${chosen.topology.name} has none`)
  const file = `${data}.rehearsal.yaml`
  mkdirSync(dirname(file), { recursive: true })
  withPath(file, () => writeFileSync(file, rehearsalText(chosen.source, gateway, policy, day)))
  io.err(storyOf(policy, day, gateway))
  return chooseTopology(io, file)
}

function rehearsalText(source: string, gateway: string, policy: PeerPolicy, day: string): string {
  const shipped = topologyNames(configFolder()).includes(source)
  const document = parseDocument(readFileSync(shipped ? join(configFolder(), `${source}.yaml`) : source, 'utf8'))
  document.commentBefore = ` siplab up --peer ${policy.name} --on ${day}; written anew each time`
  document.setIn(['hosts', gateway, 'peer'], policy.name)
  document.setIn(['hosts', gateway, 'on'], day)
  // The suites of such a peer sign with RSA: no EC certificate is of use on either end.
  if (isRsaOnly(policy, day)) document.setIn(['certificates', 'keyType'], 'rsa2048')
  return document.toString()
}

function isRsaOnly(policy: PeerPolicy, day: string): boolean {
  const suites = playedRules(policy, day)?.suites ?? []
  return suites.length > 0 && suites.every((suite) => !suite.includes('ECDSA'))
}

function storyOf(policy: PeerPolicy, day: string, gateway: string): string {
  const { notEnforced: open = [], notPlayed = [] } = playedRules(policy, day) ?? {}
  return (
    `${gateway} acts as ${policy.title} with the rules of ${day}.\n` +
    (open.length === 0 ? '' : `Rules that are not known and therefore not applied: ${open.join(', ')}.\n`) +
    (notPlayed.length === 0 ? '' : `Known rules that a gateway cannot apply: ${notPlayed.join(', ')}.\n`)
  )
}
