/**
 * Every link of a topology, dialled as the one end with its own certificate and trust: what the plan allows, and what
 * really happens.
 */
import { toVerdict } from '../certificates/examine/index.ts'
import { certificateFaults } from './certificate-step.ts'
import type { Candidate } from './discover.ts'
import { dialSecure, openTcp, type Broken } from './handshake.ts'
import type { CheckOptions } from './options.ts'
import { isVerdictCode, verdict } from '../verdicts/codes.ts'
import type { Step } from './step.ts'
import { Talk, type Observed } from './talk.ts'
import { handshakeOptions } from './tls-step.ts'

/** One link to try. */
export interface LinkTrial {
  readonly from: string
  readonly to: string
  /** Of the dialling and of the accepting end, e.g. `director`, `remote-user`. */
  readonly roles: readonly [from: string, to: string]
  readonly planned: 'allowed' | 'refused'
  /** Why the plan says so. */
  readonly why: string
  readonly candidate: Candidate
  /** With the certificate and trust of the dialling end; absent when this check cannot dial as that end. */
  readonly options?: CheckOptions
  /** Why there are none. */
  readonly untried?: string
  /** Only a firewall between the zones refuses it, and there is none: everything runs on one machine. */
  readonly leftToFirewall: boolean
}

export interface LinkResult {
  readonly from: string
  readonly to: string
  readonly roles: readonly [from: string, to: string]
  readonly port: number
  readonly dials: string
  readonly planned: 'allowed' | 'refused'
  readonly seen: 'allowed' | 'refused' | 'not-tried'
  readonly differs: boolean
  readonly leftToFirewall: boolean
  /** `ok`, or why it was refused. */
  readonly code: string
  readonly sentence: string
  readonly why: string
  readonly ms: number
}

/** More connections at once would be a flood. */
export const mostAtOnce = 4

/** @param atOnce 1 to 4 connections at a time */
export async function tryLinks(
  trials: readonly LinkTrial[],
  atOnce: number,
  onResult: (result: LinkResult) => void,
): Promise<readonly LinkResult[]> {
  const results = new Array<LinkResult | undefined>(trials.length).fill(undefined)
  let next = 0
  const worker = async (): Promise<void> => {
    for (let at = next++; at < trials.length; at = next++) {
      const trial = trials[at]
      if (trial === undefined) return
      const result = await tryLink(trial)
      results[at] = result
      onResult(result)
    }
  }
  await Promise.all(Array.from({ length: Math.min(Math.max(1, atOnce), mostAtOnce) }, worker))
  return results.filter((result) => result !== undefined)
}

interface Seen {
  readonly seen: LinkResult['seen']
  readonly code: string
  readonly sentence: string
}

async function tryLink(trial: LinkTrial): Promise<LinkResult> {
  const { from, to, roles, planned, why, candidate, options, leftToFirewall } = trial
  const began = performance.now()
  const outcome: Seen =
    options === undefined
      ? { seen: 'not-tried', code: 'not-tried', sentence: trial.untried ?? 'not tried' }
      : await dial(candidate, options)
  const differs =
    outcome.seen !== 'not-tried' && outcome.seen !== planned && !(leftToFirewall && outcome.seen === 'allowed')
  return {
    from,
    to,
    roles,
    port: candidate.port,
    dials: candidate.host,
    planned,
    ...outcome,
    differs,
    leftToFirewall,
    why,
    ms: Math.round(performance.now() - began),
  }
}

async function dial(candidate: Candidate, options: CheckOptions): Promise<Seen> {
  const place = { address: candidate.addresses[0] ?? '', port: candidate.port }
  if (candidate.transport === 'tcp') {
    const socket = await openTcp(place, options.timeoutMs)
    return 'kind' in socket ? refusedBy(socket) : askSip(new Talk(socket, 'TCP'), candidate, options)
  }
  const { own } = options
  if (own !== undefined && (own.cert === '' || own.key === ''))
    return {
      seen: 'refused',
      code: own.verdicts[0]?.code ?? 'tls.own-cert-missing',
      sentence: own.verdicts[0]?.message ?? `${own.label} has no certificate to show`,
    }
  const opened = await dialSecure(place, {
    ...handshakeOptions(candidate, options),
    ...(own === undefined ? {} : { own }),
    askStaple: false,
  })
  if (opened.kind === 'broken') return refusedBy(opened)
  const examination = certificateFaults(opened.chain, candidate, options)
  if (!examination.accepted) {
    opened.talk.close()
    const diagnosis = toVerdict(examination)
    return {
      seen: 'refused',
      code: diagnosis?.code ?? 'cert.malformed',
      sentence:
        `the dialling end refuses: ${diagnosis?.message ?? ''}` +
        `${diagnosis?.found === undefined ? '' : `: ${diagnosis.found}`}`,
    }
  }
  return askSip(opened.talk, candidate, options)
}

function refusedBy({ code, found }: Broken): Seen {
  return { seen: 'refused', code, sentence: found }
}

async function askSip(talk: Talk, { host }: Candidate, { timeoutMs }: CheckOptions): Promise<Seen> {
  const observed = await talk.options(`sip:${host}`, `sip:check@${host}`, timeoutMs)
  talk.close()
  return seenOf(observed)
}

function seenOf(observed: Observed): Seen {
  switch (observed.kind) {
    case 'response':
      return { seen: 'allowed', code: 'ok', sentence: `${observed.response.status} ${observed.response.reason}` }
    case 'closed':
      return { seen: 'refused', code: 'tls.peer-refused', sentence: observed.found }
    case 'silent':
      return { seen: 'refused', code: 'link.unconfirmed', sentence: 'no SIP answer in time' }
    case 'not-sip':
      return { seen: 'refused', code: 'sip.not-sip', sentence: observed.line }
    default:
      return observed satisfies never
  }
}

/** The links as steps, for the reports that know only steps. */
export function linkSteps(links: readonly LinkResult[]): readonly Step[] {
  return links.map((link): Step => {
    const { from, to, port, planned, seen, why, ms, differs, leftToFirewall, code, sentence } = link
    const outcome =
      seen === 'not-tried' ? 'not-tried' : differs ? 'failed' : leftToFirewall && seen === 'allowed' ? 'note' : 'ok'
    const text = differs
      ? `The plan says ${planned}, it is ${seen} (${sentence}).`
      : outcome === 'note'
        ? 'Only a firewall between the zones refuses this link, and a lab on one machine has none.'
        : `${seen === 'not-tried' ? 'Not tried' : `As planned: ${seen}`} (${sentence}).`
    const diagnosis = verdict(isVerdictCode(code) ? code : 'link.forbidden', {
      message: `${from} -> ${to}: ${text}`,
      found: sentence,
      link: `${from}->${to}`,
    })
    return {
      id: `link.${from}->${to}:${port}`,
      title: `${from} -> ${to}, port ${port}: ${seen === 'not-tried' ? 'not tried' : seen}`,
      outcome,
      code: outcome === 'failed' ? diagnosis.code : outcome === 'not-tried' ? 'not-tried' : 'ok',
      sentence: text,
      evidence: {
        plan: planned,
        seen,
        answer: code === 'ok' ? sentence : `${code}: ${sentence}`,
        why,
        dials: link.dials,
        roles: link.roles.join(' -> '),
      },
      ...(outcome === 'failed' ? { verdict: diagnosis } : {}),
      ms,
      steps: [],
    }
  })
}
