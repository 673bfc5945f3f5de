/** Which faults of the catalogue a survey can show to an end that it does not configure, and why not the others. */
import { createSecureContext } from 'node:tls'
import type { Fault, Side } from '../faults/catalogue/fault.ts'
import type { FaultPki } from '../faults/catalogue/fault-pki.ts'
import { faults } from '../faults/catalogue/index.ts'
import type { EndSettings, Judge, Presenter, Variation } from '../faults/catalogue/variation.ts'
import { shownBy, type SurveyGround } from './ground.ts'
import { tlsVersions, type TlsVersion } from './result.ts'
import { type Judged, weigh } from './severity.ts'

/** What the survey shows on one connection. */
export interface Shown {
  readonly presenter: Presenter
  /** What the surveyed end must judge it by; absent: the root of the survey, and no CRL. */
  readonly judge?: Pick<Judge, 'trust' | 'crls'>
}

type Attempt =
  | (Shown & { readonly kind: 'try'; readonly withoutSni: boolean })
  | { readonly kind: 'cannot'; readonly because: string }

/** One fault as one end shows it. */
export interface Planned {
  readonly slug: string
  readonly family: Fault['family']
  readonly story: string
  readonly versions: readonly TlsVersion[]
  readonly judged: Judged | undefined
  /** Made when its turn comes: some certificates last a minute. */
  readonly attempt: (now: number) => Attempt
}

export interface PlanOptions {
  readonly ground: SurveyGround
  /** `client`: the survey dials. `server`: it is dialled. */
  readonly side: Side
  /** The name in the good certificate; of a server the one that is dialled. */
  readonly name: string
  /** The surveyed end holds the CRLs of the survey. */
  readonly crls: boolean
  /** `ours`: the caller gives the surveyed end the trust list and the CRLs of each fault. */
  readonly judge?: 'ours'
  /** Slugs; absent: all. */
  readonly only?: readonly string[]
}

/** Every fault that this side of the catalogue has, each with its attempt. */
export function planTrials(options: PlanOptions): readonly Planned[] {
  const { side, only } = options
  return faults
    .filter(({ sides, slug }) => sides.includes(side) && (only === undefined || only.includes(slug)))
    .map((fault) => ({
      slug: fault.slug,
      family: fault.family,
      story: fault.story,
      versions: tlsVersions.filter((version) => fault.versions?.includes(`TLSv${version}`) !== false),
      judged: weigh(fault, side),
      attempt: (now) => attemptOf(fault, options, now),
    }))
}

/** The good certificate, for the control case. */
export function goodPresenter({ ground, name }: Pick<PlanOptions, 'ground' | 'name'>, now: number): Presenter {
  return ground.pki(name, now).good().presenter
}

function attemptOf(fault: Fault, { ground, side, name, crls, judge }: PlanOptions, now: number): Attempt {
  const never = neverShown(fault, judge)
  if (never !== undefined) return cannot(never)
  const revoked = judge === undefined ? ground.revoked(fault.slug) : undefined
  if (revoked !== undefined) return revokedAttempt(revoked, side, crls)
  const found = variationFor(fault, ground, name, now)
  if (found === undefined) return cannot(`it needs another name than ${name} to be dialled`)
  const { variation, pki } = found
  const atJudge = neededAtJudge(variation, pki, fault, judge)
  if (atJudge !== undefined) return cannot(atJudge)
  const unable = ownTrouble(variation.presenter)
  if (unable !== undefined) return cannot(`this end cannot show it: ${unable}`)
  const { presenter, withoutSni = false } = variation
  return { kind: 'try', presenter, withoutSni, ...(judge === undefined ? {} : { judge: variation.judge }) }
}

function cannot(because: string): Attempt {
  return { kind: 'cannot', because }
}

function revokedAttempt(presenter: Presenter, side: Side, crls: boolean): Attempt {
  if (side === 'server') return cannot('the CRLs of the survey revoke client certificates only')
  if (!crls)
    return cannot(
      'it needs the CRLs of the survey at the other end: install crls.pem (siplab survey root), then add --crls',
    )
  return { kind: 'try', presenter, withoutSni: false }
}

/** @returns why the survey cannot show the fault */
function neverShown({ expect, breaks, family, slug }: Fault, judge: PlanOptions['judge']): string | undefined {
  if (expect.kind === 'stops-start') return 'a program meets it when it reads its own files, before any connection'
  if (family === 'files') return 'it is in a file: on the wire is the good chain, or one that another fault shows'
  if (slug === 'public-cert-2026') return 'its certificate is that of no-client-auth-eku, which is tried'
  if (slug === 'tls1.2-server-1.3-client' && judge === undefined) return 'it needs a client that speaks TLS 1.3 only'
  if (slug === 'incomplete-chain-hidden') return 'on the wire it is the good chain'
  if (breaks === 'judge' && judge === undefined)
    return 'it is in the trust list, the CRLs or the settings of the other end'
  return undefined
}

/** Our own settings speak it, whatever the other end is set to: the question is whether that end goes along. */
const ownSettingsSuffice: ReadonlySet<string> = new Set(['tls1.0-both', 'dh-too-small'])

function neededAtJudge(
  { judge, presenter }: Variation,
  pki: FaultPki,
  { slug }: Fault,
  given: PlanOptions['judge'],
): string | undefined {
  if (given === 'ours' && judge.trust === undefined)
    return 'it needs an end without a trust list, which takes that of its system'
  if (given === undefined && judge.crls !== undefined) return 'it needs a CRL that was made for it at the other end'
  if (given === undefined && judge.trust?.join('') !== pki.root.pem)
    return 'it needs a further root in the trust list of the other end'
  if (presenter.settings?.staple !== undefined) return 'it needs an end that asks for a stapled OCSP answer'
  if (judge.settings !== undefined && !ownSettingsSuffice.has(slug))
    return `it needs ${settingsText(judge.settings)} set at the other end`
  return undefined
}

function settingsText(settings: EndSettings): string {
  return Object.keys(settings).join(' and ')
}

/**
 * The variation whose dialled name is the given one: the good certificate of some faults carries a name beside the one
 * that is dialled, such as the machine of a pool.
 */
function variationFor(
  fault: Fault,
  ground: SurveyGround,
  name: string,
  now: number,
): { readonly variation: Variation; readonly pki: FaultPki } | undefined {
  const parent = name.slice(name.indexOf('.') + 1)
  for (const own of fault.notOnNode === 'dialled-name' ? [name, `fe1.${parent}`, `fe1.${name}`] : [name]) {
    const pki = ground.pki(own, now)
    const variation = fault.make(pki)
    if (variation.wantedName === name || fault.notOnNode !== 'dialled-name') return { variation, pki }
  }
  return undefined
}

/** What Node says when it is to show this; absent: nothing. */
function ownTrouble(presenter: Presenter): string | undefined {
  const shown = shownBy({ presenter })
  if (shown === undefined) return undefined
  try {
    const { ciphers } = presenter.settings ?? {}
    createSecureContext({ ...shown, ...(ciphers === undefined ? {} : { ciphers }) })
    return undefined
  } catch (error) {
    if (error instanceof Error) return error.message.slice(0, 200)
    throw error
  }
}
