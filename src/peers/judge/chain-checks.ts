/** Dates, completeness and root of our chain, on one day, for one peer. */
import { explain, type Certificate } from '../../certificates/examine/index.ts'
import type { Period, PeerPolicy, Issuers } from '../policy.ts'
import { dayOf } from '../policy.ts'
import { authorityNamed, longestLifetime, publicAuthorities } from '../programmes/authorities.ts'
import { type PublicRoot, type RootEvent, rootEvents, type Store } from '../programmes/roots.ts'
import { type Check, demandOf } from './check.ts'
import type { Presented } from './presented.ts'

export interface Situation {
  readonly policy: PeerPolicy
  readonly period: Period
  /** `2027-03-15` */
  readonly on: string
}

const dayMs = 86_400_000

/** Each certificate of the chain must be valid during the whole day. */
export function dateChecks({ leaf, intermediates, root }: Presented, { on }: Pick<Situation, 'on'>): readonly Check[] {
  const above = [...intermediates, ...(root.certificate === undefined ? [] : [root.certificate])]
  return [dateCheck(leaf, 'our certificate', on, 'cert.expired'), ...above.map((ca) => caDates(ca, on))]
}

function caDates(ca: Certificate, on: string): Check {
  return dateCheck(ca, `the CA ${shortName(ca)}`, on, 'chain.expired')
}

function dateCheck(certificate: Certificate, who: string, on: string, code: 'cert.expired' | 'chain.expired'): Check {
  const start = Date.parse(on)
  const { since, until } = validity(certificate)
  if (until <= start)
    return {
      about: 'dates',
      outcome: 'breaks',
      code,
      ending: 'expiry',
      sentence: `${who} expired on ${dayOf(until)}`,
    }
  if (since >= start + dayMs)
    return {
      about: 'dates',
      outcome: 'breaks',
      code: code === 'cert.expired' ? 'cert.not-yet-valid' : 'chain.not-yet-valid',
      sentence: `${who} is valid from ${dayOf(since)} on`,
    }
  if (until < start + dayMs)
    return {
      about: 'dates',
      outcome: 'warns',
      code,
      ending: 'expiry',
      sentence: `${who} expires on this day at ${new Date(until).toISOString().slice(11, 16)} UTC`,
    }
  return { about: 'dates', outcome: 'holds', sentence: `${who} is valid until ${dayOf(until)}` }
}

/** Absent where no limit of public certificates applies. */
export function lifetimeCheck({ leaf, root }: Presented): Check | undefined {
  const { since, until } = validity(leaf)
  const longest = longestLifetime(dayOf(since))
  // Both ends count, so that 200 days to the second are 200 days and one second (RFC 5280 §4.1.2.5).
  const days = Math.ceil((until - since + 1000) / dayMs)
  if (root.kind !== 'public' || longest === undefined || days <= longest) return undefined
  return {
    about: 'lifetime',
    outcome: 'warns',
    code: 'cert.lifetime-too-long',
    sentence: `our certificate runs ${days} days; a public certificate issued on ${dayOf(since)} may run ${longest}`,
  }
}

/** A weak signature is refused by many and not by all. */
export function faultChecks({ faults }: Presented): readonly Check[] {
  return faults.map((fault) => ({
    about: 'chain',
    outcome: fault.code.endsWith('.signature-weak') ? 'warns' : 'breaks',
    code: fault.code,
    sentence: `${lowerFirst(explain(fault).message)}: ${fault.found}`,
  }))
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

export function chainCheck({ complete, leaf, otherKey }: Presented): Check {
  if (otherKey)
    return {
      about: 'chain',
      outcome: 'breaks',
      code: 'chain.issuer-mismatch',
      sentence: `the CA ${leaf.issuer.text} of the file has not signed our certificate`,
    }
  return complete
    ? { about: 'chain', outcome: 'holds', sentence: 'the chain reaches a root' }
    : {
        about: 'chain',
        outcome: 'breaks',
        code: 'chain.incomplete',
        sentence: `the file lacks the issuer of our certificate, ${leaf.issuer.text}`,
      }
}

/** Whether the peer accepts the root on that day, and by which mechanism it does not. */
export function rootChecks(chain: Presented, situation: Situation): readonly Check[] {
  const { root } = chain
  const { period, policy } = situation
  if (root.kind === 'private' || root.kind === 'self-signed') return [privateCheck(chain, situation)]
  const { value } = period.issuers
  const demand = demandOf(period.issuers, period)
  if (value === 'unknown')
    return [
      {
        about: 'root',
        outcome: 'unknown',
        sentence: `which issuers ${policy.title} accepts is not known`,
        question: `Which roots must the certificate of a trunk chain to? Is ${root.name} one of them?`,
      },
    ]
  if (root.kind === 'unclear' && value.kind !== 'own-list')
    return [
      {
        about: 'root',
        outcome: 'unknown',
        sentence: `siplab does not know the public root ${root.name}`,
        question: `Is ${root.name} in the list of roots that you accept?`,
        demand,
      },
    ]
  const accepted = acceptance(chain, value)
  return [
    { about: 'root' as const, ...accepted, demand },
    ...(accepted.outcome === 'breaks' ? [] : eventChecks(chain, storesOf(value), situation.on)),
  ]
}

function privateCheck({ root }: Presented, { period, policy }: Situation): Check {
  const how =
    root.kind === 'self-signed'
      ? 'our certificate is self-signed'
      : `${root.name} is a private CA: our certificate names no policy of the CA/Browser Forum`
  const demand = demandOf(period.privateCa, period)
  switch (period.privateCa.value) {
    case 'refused':
      return {
        about: 'root',
        outcome: 'breaks',
        code: root.kind === 'self-signed' ? 'cert.self-signed' : 'chain.untrusted-root',
        sentence: `${how}; ${policy.title} refuses it`,
        demand,
      }
    case 'accepted':
      return {
        about: 'root',
        outcome: 'warns',
        sentence: `${how}; the peer accepts it once its root is in the trust list there`,
        demand,
      }
    default:
      return {
        about: 'root',
        outcome: 'unknown',
        sentence: `${how}; whether ${policy.title} accepts private CAs is not known`,
        question: 'Do you accept certificates of a private CA whose root we send you?',
      }
  }
}

type Acceptance = Pick<Check, 'outcome' | 'sentence'> & { readonly code?: 'chain.untrusted-root'; question?: string }

function acceptance({ root, intermediates }: Presented, issuers: Issuers): Acceptance {
  const roots = root.kind === 'public' ? root.roots : []
  const shown = roots.map(({ commonName }) => commonName).join(' and ') || root.name
  switch (issuers.kind) {
    case 'store':
      return roots.length > 0
        ? {
            outcome: 'holds',
            sentence:
              `${shown} is in the root programme of ${storeTitles[issuers.store]}` +
              (roots.some(({ sha1 }) => sha1 !== undefined) ? '' : ', as far as known: its list was not read'),
          }
        : {
            outcome: 'warns',
            sentence:
              `${shown} is in the list of Mozilla that Node carries; that it is in the programme of ` +
              `${storeTitles[issuers.store]} too is a guess`,
          }
    case 'public':
      return { outcome: 'holds', sentence: `${shown} is a public root` }
    case 'own-list':
      return { outcome: 'warns', sentence: `${shown} must be in the trust list of the peer` }
    case 'published':
      return {
        outcome: 'unknown',
        sentence: `whether ${shown} is on the list ${issuers.list} is not known here`,
        question: `Is ${shown} on the list ${issuers.list}?`,
      }
    case 'roots':
      return roots.some(({ id }) => issuers.roots.includes(id))
        ? { outcome: 'holds', sentence: `${shown} is one of the roots that the peer accepts` }
        : refusedRoot(`${shown} is none of the roots that the peer accepts: ${issuers.roots.join(', ')}`)
    case 'authorities':
      return brandAcceptance(root, intermediates, issuers.authorities, shown)
    default:
      return issuers satisfies never
  }
}

function brandAcceptance(
  root: Presented['root'],
  intermediates: readonly Certificate[],
  brands: readonly string[],
  shown: string,
): Acceptance {
  const owners = ownersOf(root)
  const owner = owners.find((authority) => brands.includes(authority))
  const titles = publicAuthorities.filter(({ id }) => brands.includes(id)).map(({ title }) => title)
  if (owner !== undefined) {
    const title = publicAuthorities.find(({ id }) => id === owner)?.title ?? owner
    const issuer = intermediates[0]
    const by = issuer === undefined ? undefined : authorityNamed(organizationOf(issuer))?.id
    return by === owner || issuer === undefined
      ? { outcome: 'holds', sentence: `${shown} belongs to ${title}, which is on the list of the peer` }
      : {
          outcome: 'warns',
          sentence: `${shown} belongs to ${title}, which is on the list of the peer; ${shortName(issuer)} is not`,
        }
  }
  if (owners.length === 0)
    return {
      outcome: 'unknown',
      sentence: `whether ${shown} belongs to an issuer on the list of the peer is not known: ${titles.join(', ')}`,
      question: `Is ${shown} a root of an issuer that you accept?`,
    }
  return refusedRoot(`${shown} belongs to no issuer on the list of the peer: ${titles.join(', ')}`)
}

/** By the roots that are on file, by the organization of a root that is not. */
function ownersOf(root: Presented['root']): readonly string[] {
  const roots = root.kind === 'public' ? root.roots : []
  const named = authorityNamed(organizationIn(root.name))
  return roots.length > 0 || named === undefined ? roots.map(({ authority }) => authority) : [named.id]
}

function refusedRoot(sentence: string): Acceptance {
  return { outcome: 'breaks', code: 'chain.untrusted-root', sentence }
}

const storeTitles: Readonly<Record<Store, string>> = { microsoft: 'Microsoft', mozilla: 'Mozilla', chrome: 'Chrome' }

function storesOf(issuers: Issuers): readonly Store[] {
  return issuers.kind === 'store' ? [issuers.store] : []
}

/** Where a chain ends in several roots, one root that no event breaks is enough. */
function eventChecks(chain: Presented, stores: readonly Store[], on: string): readonly Check[] {
  const roots = chain.root.kind === 'public' ? chain.root.roots : []
  const perRoot = roots.map((root) => [
    ...ended(root, on),
    ...eventsOf(root.id, stores).flatMap((event) => eventCheck(event, chain, on)),
  ])
  const sound = perRoot.find((checks) => checks.every(({ outcome }) => outcome !== 'breaks'))
  const revoked = chain.intermediates.flatMap((ca) =>
    eventsOf(shortName(ca), ['microsoft']).flatMap((event) => eventCheck(event, chain, on)),
  )
  return [...(sound ?? perRoot.flat()), ...revoked]
}

/** A root that is not in the file has a last day all the same. */
function ended({ commonName, notAfter }: PublicRoot, on: string): readonly Check[] {
  if (notAfter === undefined || on <= notAfter) return []
  const sentence = `the root ${commonName} expired on ${notAfter}`
  return [{ about: 'root', outcome: 'breaks', code: 'chain.expired', ending: 'expiry', sentence }]
}

function eventsOf(root: string, stores: readonly Store[]): readonly RootEvent[] {
  return rootEvents.filter(
    (event) => event.roots.includes(root) && event.stores.some((store) => stores.includes(store)),
  )
}

/** The events that concern a chain at a peer, to find the days on which something changes. */
export function rootEventsFor(chain: Presented, issuers: Issuers): readonly RootEvent[] {
  const roots = chain.root.kind === 'public' ? chain.root.roots : []
  return [
    ...roots.flatMap(({ id }) => eventsOf(id, storesOf(issuers))),
    ...chain.intermediates.flatMap((ca) => eventsOf(shortName(ca), ['microsoft'])),
  ]
}

function eventCheck(event: RootEvent, chain: Presented, on: string): readonly Check[] {
  const { mechanism, on: eventDay, mark, source } = event
  const base: EventBase = {
    about: 'root',
    demand: { mark, source: [source] },
    who: event.stores.map((store) => storeTitles[store]).join(', '),
    root: chain.root.name,
  }
  switch (mechanism) {
    case 'removed':
    case 'disabled':
      return on < eventDay ? [] : [removal(base, mechanism, eventDay)]
    case 'not-before':
    case 'sct-after':
      return on <= eventDay ? [] : [distrust(base, dayOf(validity(chain.leaf).since), eventDay)]
    case 'revoked':
      return on < eventDay ? [] : [revokedIssuer(base, eventDay)]
    default:
      return mechanism satisfies never
  }
}

interface EventBase extends Pick<Check, 'about' | 'demand'> {
  readonly who: string
  readonly root: string
}

function removal({ who, root, ...base }: EventBase, how: 'removed' | 'disabled', day: string): Check {
  return {
    ...base,
    outcome: 'breaks',
    code: 'chain.untrusted-root',
    ending: 'removal',
    sentence: `${who} ${how} ${root} on ${day}: every chain to it fails since that day`,
  }
}

function distrust({ who, root, ...base }: EventBase, issued: string, day: string): Check {
  return issued > day
    ? {
        ...base,
        outcome: 'breaks',
        code: 'chain.untrusted-root',
        ending: 'distrust-of-new',
        sentence: `${who} refuses what ${root} issues after ${day}; ours is of ${issued}`,
      }
    : {
        ...base,
        outcome: 'warns',
        ending: 'distrust-of-new',
        sentence: `ours, of ${issued}, runs on; a renewal after ${day} under ${root} is refused`,
      }
}

function revokedIssuer({ who: _who, root: _root, ...base }: EventBase, day: string): Check {
  return {
    ...base,
    outcome: 'warns',
    code: 'chain.revoked',
    sentence: `an intermediate of the chain was revoked on ${day}: a peer that checks revocation refuses`,
  }
}

export function validity({ notBefore, notAfter }: Certificate): { readonly since: number; readonly until: number } {
  return { since: notBefore.at, until: notAfter.at }
}

/** `DigiCert Global Root G2`, or the whole name where there is no CN. */
export function shortName({ subject }: Certificate): string {
  return /(?:^|,)CN=((?:\\.|[^,\\])*)/.exec(subject.text)?.[1] ?? subject.text
}

function organizationOf({ subject }: Certificate): string {
  return organizationIn(subject.text)
}

function organizationIn(name: string): string {
  return /(?:^|,)O=((?:\\.|[^,\\])*)/.exec(name)?.[1] ?? ''
}
