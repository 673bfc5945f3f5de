/** `siplab explain CHAIN --with PEER [--on DATE]`: whether links with that chain come up, and when they break. */
import { wantedOneOf } from '../topology/nearest-name.ts'
import { readNamed } from './named-file.ts'
import type { Certificate } from '../certificates/examine/index.ts'
import { arrange } from '../explain/file/arrange.ts'
import { readBundle } from '../explain/file/index.ts'
import { findPeers, peerNames } from '../peers/index.ts'
import { changesOf, firstBreaks, type Change, type FirstBreak } from '../peers/judge/changes.ts'
import { judgeLink, type LinkAnswer, type LinkRequest } from '../peers/judge/link.ts'
import { presented, type Presented } from '../peers/judge/presented.ts'
import { waysOut, type WayOut } from '../peers/judge/ways-out.ts'
import { dayOf, type PeerPolicy } from '../peers/policy.ts'
import { UsageError } from './usage-error.ts'
import type { Io } from './io.ts'

export interface LinkOptions {
  readonly with?: string
  readonly on?: string
  readonly name?: readonly string[]
  readonly ourRoots?: string
  readonly weCheckPurpose?: 'yes' | 'no'
}

export interface LinkReport {
  readonly chain: Presented
  readonly policy: PeerPolicy
  /** Absent without `--on`. */
  readonly answer?: LinkAnswer
  readonly changes: readonly Change[]
  readonly firstBreaks: readonly FirstBreak[]
  readonly waysOut: readonly WayOut[]
  /** More than 90 days since the sources of the policy were read. */
  readonly stale: boolean
}

/** @throws UsageError */
export function linkReport(io: Io, file: string, options: LinkOptions, now: number): LinkReport {
  const policy = peerNamed(options.with ?? '')
  const chain = readChain(io, file)
  const [name] = options.name ?? []
  const { weCheckPurpose, ourRoots } = options
  const request: Omit<LinkRequest, 'on'> = {
    chain,
    policy,
    ...(name === undefined ? {} : { name }),
    us: {
      ...(weCheckPurpose === undefined ? {} : { checksCaller: weCheckPurpose }),
      ...(ourRoots === undefined ? {} : { roots: certificatesOf(io, ourRoots) }),
    },
  }
  const changes = changesOf(request)
  const answer = options.on === undefined ? undefined : judgeLink({ ...request, on: dayOption(options.on) })
  const judged = answer ?? changes.find(({ answer: each }) => each.verdict !== 'stands')?.answer
  return {
    chain,
    policy,
    ...(answer === undefined ? {} : { answer }),
    changes,
    firstBreaks: firstBreaks(changes),
    waysOut: judged === undefined ? [] : waysOut(judged, chain, dayOf(now)),
    stale: now - Date.parse(policy.checked) > 90 * 86_400_000,
  }
}

/** @throws UsageError where no peer or more than one begins so */
export function peerNamed(name: string, option = '--with'): PeerPolicy {
  const found = findPeers(name)
  const [only] = found
  if (only !== undefined && found.length === 1) return only
  const choice = found.length === 0 ? peerNames : found.map((each) => each.name)
  throw new UsageError(wantedOneOf(option, name, choice, 'docs/policies.md'))
}

/** `2027-03-15`. @throws UsageError */
export function dayOption(text: string): string {
  const at = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN
  // Date.parse takes 30 February for 2 March.
  if (Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== text)
    throw new UsageError(`--on: wanted a day such as 2027-03-15, found ${JSON.stringify(text)}`)
  return text
}

/** @throws UsageError where the file holds no certificate of a server */
export function readChain(io: Io, file: string): Presented {
  const all = certificatesOf(io, file)
  const items = all.map((certificate) => ({ kind: 'certificate' as const, certificate, where: '' }))
  const [leaf] = arrange(items).leafs
  if (leaf === undefined)
    throw new UsageError(`${file}: wanted the certificate of a server and its issuers, found ${all.length} CAs`)
  return presented(
    leaf.certificate,
    all.filter((each) => each !== leaf.certificate),
  )
}

function certificatesOf(io: Io, file: string): readonly Certificate[] {
  const certificates = readBundle(readNamed(io, file, file, 'a file of certificates')).items.flatMap((item) =>
    item.kind === 'certificate' ? [item.certificate] : [],
  )
  if (certificates.length === 0)
    throw new UsageError(`${file}: wanted certificates, found none; siplab explain ${file} says what it is`)
  return certificates
}
