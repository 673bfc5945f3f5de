/** Does a link work on a day? Both directions, both ends of each. */
import { periodOn, type Period, type PeerPolicy } from '../policy.ts'
import { type Check, demandOf, type Verdict, verdictOf } from './check.ts'
import { chainCheck, dateChecks, faultChecks, lifetimeCheck, rootChecks, type Situation } from './chain-checks.ts'
import { callerChecks, type OurEnd, serverChecks } from './mirror.ts'
import { clientCertificateCheck, clientPurposeCheck, keyCheck, nameCheck, serverPurposeCheck } from './own-checks.ts'
import type { Presented } from './presented.ts'

/** `we-serve`: the peer dials us. `we-dial`: we dial the peer. */
export type DirectionName = 'we-serve' | 'we-dial'

export interface Direction {
  readonly direction: DirectionName
  /** What the peer makes of our certificate, and our own end of what the peer shows where that is said outright. */
  readonly verdict: Verdict
  readonly checks: readonly Check[]
  /** What our own end makes of the certificate of the peer. */
  readonly mirror: Mirror
}

export interface Mirror {
  readonly verdict: Verdict
  readonly checks: readonly Check[]
  /** True: what our end checks was not said, so the strict answer is given. */
  readonly assumed: boolean
}

export interface LinkAnswer {
  readonly peer: string
  readonly on: string
  /** Absent: the policy of the peer has no period for this day. */
  readonly period?: Period
  readonly verdict:
    | 'stands'
    | 'stands-with-warning'
    | 'breaks-we-serve'
    | 'breaks-we-dial'
    | 'breaks-both'
    | 'cannot-tell'
  readonly directions: readonly Direction[]
}

export interface LinkRequest {
  readonly chain: Presented
  readonly policy: PeerPolicy
  /** `2027-03-15` */
  readonly on: string
  /** The FQDN that the peer knows us by. */
  readonly name?: string
  readonly us?: OurEnd
}

export function judgeLink(request: LinkRequest): LinkAnswer {
  const { policy, on } = request
  const period = periodOn(policy, on)
  if (period === undefined) return withoutPeriod(policy, on)
  const situation = { policy, period, on }
  const directions = [weServe(request, situation), weDial(request, situation)]
  return { peer: policy.name, on, period, verdict: overall(directions), directions }
}

/** Nothing is on file for that day, and no rule is guessed from another one. */
function withoutPeriod(policy: PeerPolicy, on: string): LinkAnswer {
  const check: Check = {
    about: 'root',
    outcome: 'unknown',
    sentence: `nothing is known of the demands of ${policy.title} on ${on}`,
  }
  const mirror: Mirror = { verdict: 'cannot-tell', checks: [], assumed: true }
  const direction = (name: DirectionName): Direction => ({
    direction: name,
    verdict: 'cannot-tell',
    checks: [check],
    mirror,
  })
  return { peer: policy.name, on, verdict: 'cannot-tell', directions: [direction('we-serve'), direction('we-dial')] }
}

function weServe({ chain, name, us = {} }: LinkRequest, situation: Situation): Direction {
  const { period, policy } = situation
  if (!dials(policy, 'peer')) return unused('we-serve', `${policy.title} never dials us`)
  const mirror = mirrorOf(callerChecks(situation, us), us)
  if (period.verifiesServer.value === 'no')
    return direction('we-serve', [unverified('the peer does not verify the server it dials', situation)], mirror)
  const verifies: readonly Check[] =
    period.verifiesServer.value === 'unknown'
      ? [
          {
            about: 'chain',
            outcome: 'unknown',
            sentence: `whether ${policy.title} verifies our certificate where it dials us is not known`,
            question: 'Do you verify the certificate of our SBC where you dial us?',
          },
        ]
      : []
  const checks = [
    ...formChecks(chain, situation),
    ...rootChecks(chain, situation),
    nameCheck(chain, situation, name),
    ...some(keyCheck(chain, situation)),
    serverPurposeCheck(chain, situation),
    ...verifies,
  ]
  return direction('we-serve', checks, mirror)
}

function weDial({ chain, name, us = {} }: LinkRequest, situation: Situation): Direction {
  const { period, policy } = situation
  if (!dials(policy, 'us')) return unused('we-dial', `we never dial ${policy.title}`)
  const mirror = mirrorOf(serverChecks(situation, us), us)
  const shown = clientCertificateCheck(situation)
  if (period.clientCertificate.value === 'not-asked') return direction('we-dial', [shown], mirror)
  const checks = [
    ...formChecks(chain, situation),
    ...rootChecks(chain, situation),
    nameCheck(chain, situation, name),
    ...some(keyCheck(chain, situation)),
    shown,
    clientPurposeCheck(chain, situation),
  ]
  return direction('we-dial', checks, mirror)
}

function formChecks(chain: Presented, situation: Situation): readonly Check[] {
  return [...dateChecks(chain, situation), ...some(lifetimeCheck(chain)), chainCheck(chain), ...faultChecks(chain)]
}

function some(check: Check | undefined): readonly Check[] {
  return check === undefined ? [] : [check]
}

/** Who dials is unknown for some: then both ways are judged. */
function dials({ dials: { value } }: PeerPolicy, who: 'peer' | 'us'): boolean {
  return value === 'unknown' || value.includes(who)
}

function unverified(sentence: string, { period }: Situation): Check {
  return { about: 'chain', outcome: 'holds', sentence, demand: demandOf(period.verifiesServer, period) }
}

function unused(name: DirectionName, sentence: string): Direction {
  return {
    direction: name,
    verdict: 'not-used',
    checks: [{ about: 'chain', outcome: 'holds', sentence }],
    mirror: { verdict: 'not-used', checks: [], assumed: false },
  }
}

function mirrorOf(checks: readonly Check[], us: OurEnd): Mirror {
  return { verdict: verdictOf(checks), checks, assumed: us.checksCaller === undefined }
}

/** Our own end counts only where it was said how it judges. */
function direction(name: DirectionName, checks: readonly Check[], mirror: Mirror): Direction {
  const said = mirror.checks.filter(({ about }) => !mirror.assumed || about === 'peer-roots')
  const verdict = verdictOf([...checks, ...said])
  return { direction: name, verdict, checks, mirror }
}

function overall(directions: readonly Direction[]): LinkAnswer['verdict'] {
  const broken = directions.filter(({ verdict }) => verdict === 'breaks')
  const [first] = broken
  if (broken.length > 1) return 'breaks-both'
  if (first !== undefined) return first.direction === 'we-serve' ? 'breaks-we-serve' : 'breaks-we-dial'
  if (directions.some(({ verdict }) => verdict === 'cannot-tell')) return 'cannot-tell'
  const warned = directions.some(
    ({ verdict, mirror }) => verdict === 'stands-with-warning' || mirror.verdict === 'breaks',
  )
  return warned ? 'stands-with-warning' : 'stands'
}
