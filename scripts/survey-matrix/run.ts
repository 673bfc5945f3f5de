/** All faults against one program in one role under one TLS version. */
import { join } from 'node:path'
import { surveyClock } from '../../src/cli/survey-setup.ts'
import { goodPresenter, outcomeOf, planTrials, surveyByDialling, surveyName } from '../../src/survey/index.ts'
import type { Shown, SurveyGround, Trial } from '../../src/survey/index.ts'
import { dialledName, type Program, type Stance, type TlsVersion } from '../stacks/stack.ts'
import type { MatrixRun, MatrixTrial, Role } from './document.ts'
import { AcceptorBench, DiallerBench, type Meeting, type Met } from './meet.ts'
import { wordsOfNode } from './words.ts'

export interface Wanted {
  readonly program: Program
  readonly role: Role
  readonly tls: TlsVersion
  /** Absent: strict. */
  readonly stance?: Stance
  /** Slugs; absent: all. */
  readonly only?: readonly string[]
}

export async function runMatrix(wanted: Wanted, ground: SurveyGround, folder: string): Promise<MatrixRun> {
  const { program, role, tls, only } = wanted
  const meeting = meetingOf(wanted, ground, join(folder, `${program.name}-${role}-${tls}-${wanted.stance ?? 'strict'}`))
  const side = role === 'acceptor' ? 'client' : 'server'
  const name = side === 'client' ? surveyName : dialledName
  const lists = new CrlControl((shown) => meeting.meet(shown, tls), ground, name)
  const words: string[] = []
  let last = ''
  try {
    const survey = await surveyByDialling({
      target: program.name,
      planned: planTrials({ ground, side, name, crls: false, judge: 'ours', ...(only === undefined ? {} : { only }) }),
      good: (now) => goodPresenter({ ground, name }, now),
      versions: [tls],
      bounds: { connections: 1000, seconds: 3600, paceMs: 0 },
      clock: surveyClock(),
      signal: new AbortController().signal,
      connect: async (shown, version) => {
        const met = await lists.guarded(shown, () => meeting.meet(shown, version))
        last = met.words
        return met
      },
      siplab: 'siplab matrix',
      onTrial: (trial, control) => {
        if (!control) words.push(trial.outcome.kind === 'cannot' ? '' : last)
      },
    })
    return {
      program: program.name,
      version: program.version(),
      role,
      tls,
      set: program.set[role === 'acceptor' ? 'accept' : 'dial'] ?? '',
      at: survey.at.slice(0, 10),
      seconds: Math.round(survey.ms / 1000),
      ...(survey.stopped === undefined ? {} : { stopped: survey.stopped }),
      trials: survey.trials.map((trial, at) => trialOf(trial, words[at] ?? '')),
    }
  } finally {
    await meeting.end()
  }
}

/** The good certificate with good CRLs: where it is refused, a refusal with other CRLs proves nothing. */
class CrlControl {
  readonly #meet: (shown: Shown) => Promise<Met>
  readonly #good: () => Shown
  #refused: Promise<string | undefined> | undefined

  constructor(meet: (shown: Shown) => Promise<Met>, ground: SurveyGround, name: string) {
    this.#meet = meet
    this.#good = () => {
      const pki = ground.pki(name, Date.now())
      return { presenter: pki.good().presenter, judge: { trust: [pki.root.pem], crls: pki.goodCrls() } }
    }
  }

  async guarded({ judge }: Shown, meet: () => Promise<Met>): Promise<Met> {
    if (judge?.crls === undefined) return meet()
    this.#refused ??= this.#try()
    const refused = await this.#refused
    if (refused === undefined) return meet()
    return { seen: { kind: 'none', words: `with good CRLs it refuses the good certificate: ${refused}` }, words: '' }
  }

  async #try(): Promise<string | undefined> {
    const { seen, words } = await this.#meet(this.#good())
    return outcomeOf(seen, undefined).kind === 'accepted' ? undefined : words
  }
}

function meetingOf({ program, role, stance }: Wanted, ground: SurveyGround, folder: string): Meeting {
  const { accept, dial } = program
  if (role === 'acceptor' && accept !== undefined) return new AcceptorBench(accept, ground, folder, stance)
  if (role === 'dialler' && dial !== undefined) return new DiallerBench(dial, ground, folder, stance)
  throw new Error(`${program.name} is no ${role}`)
}

function trialOf({ fault, outcome, severity }: Trial, stack: string): MatrixTrial {
  return {
    fault,
    outcome: outcome.kind,
    ...howOf(outcome),
    // The stacks here have all their CRLs in one file, and a good one reads them all.
    ...(severity === undefined || fault === 'crl-concatenated' ? {} : { severity }),
    siplab: wordsOfNode(outcome.words),
    stack,
  }
}

function howOf(outcome: Trial['outcome']): { readonly how?: string } {
  if (outcome.kind === 'accepted') return { how: outcome.proof }
  if (outcome.kind !== 'refused') return {}
  if (outcome.alert !== undefined) return { how: `alert ${outcome.alert}` }
  return { how: outcome.words.startsWith('it does not start') ? 'does not start' : outcome.by }
}
