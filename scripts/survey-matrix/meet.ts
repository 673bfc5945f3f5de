/** One connection of the matrix: the survey dials a program that accepts, or a program dials the survey. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connectOnce, openListener, outcomeOf } from '../../src/survey/index.ts'
import type { Connected, Shown, SurveyGround, Visit } from '../../src/survey/index.ts'
import {
  dialledName,
  type Accepting,
  type EndFiles,
  type Program,
  type Stance,
  type TlsVersion,
} from '../stacks/stack.ts'
import { settled, Words } from './words.ts'

export interface Met extends Connected {
  /** What the program printed about it. */
  readonly words: string
}

export interface Meeting {
  meet(shown: Shown, version: TlsVersion): Promise<Met>
  end(): Promise<void>
}

/** Each program answers at once who gets in; a refusal may be late on a busy machine. */
const timeoutMs = 12_000
/** A program that starts slowly on a busy machine. */
const patienceMs = 30_000

abstract class Bench {
  protected readonly words: Words
  readonly #ground: SurveyGround
  readonly #folder: string
  #made = 0

  constructor(ground: SurveyGround, folder: string) {
    this.#ground = ground
    this.#folder = folder
    this.words = new Words(folder)
  }

  /** A good certificate of its own, and what it judges by. */
  protected files({ judge }: Shown): EndFiles {
    const folder = join(this.#folder, String((this.#made += 1)))
    mkdirSync(folder, { recursive: true })
    const own = this.#ground.pki(dialledName, Date.now()).good().presenter
    const file = (name: string, content: unknown): string => {
      writeFileSync(join(folder, name), String(content), { mode: 0o600 })
      return join(folder, name)
    }
    return {
      folder,
      own: { chain: file('own.pem', own.certificate), key: file('own.key', own.key) },
      trust: judge?.trust === undefined ? this.#ground.rootFile : file('trust.pem', judge.trust.join('')),
      crl: judge?.crls === undefined ? undefined : file('crls.pem', judge.crls.join('')),
      clock: undefined,
    }
  }

  protected isUsual({ judge }: Shown): boolean {
    const usual = this.#ground.root.toString().trim()
    return judge === undefined || (judge.crls === undefined && judge.trust?.join('').trim() === usual)
  }

  get rootPem(): string {
    return this.#ground.root.toString()
  }
}

/** One process for all that needs the usual files, one more for each fault that needs others. */
export class AcceptorBench extends Bench implements Meeting {
  readonly #accept: NonNullable<Program['accept']>
  readonly #stance: Stance
  #standing: Accepting | undefined

  constructor(accept: NonNullable<Program['accept']>, ground: SurveyGround, folder: string, stance: Stance = 'strict') {
    super(ground, folder)
    this.#accept = accept
    this.#stance = stance
  }

  async meet(shown: Shown, version: TlsVersion): Promise<Met> {
    if (this.isUsual(shown)) {
      if (this.#standing?.program.hasEnded() === true) this.#standing = undefined
      const standing = this.#standing ?? (await silent(await this.#accept(this.files(shown), version, this.#stance)))
      this.#standing = standing
      return this.#dial(standing, shown, version)
    }
    const own = await started(() => this.#accept(this.files(shown), version, this.#stance))
    if (own instanceof Error) return refusesToStart(this.words.unusual(own.message))
    const met = await this.#dial(await silent(own), shown, version)
    const died = own.program.hasEnded()
    await own.program.stop()
    return died ? refusesToStart(met.words === '' ? this.words.unusual(own.program.said()) : met.words) : met
  }

  async #dial({ port, program }: Accepting, { presenter }: Shown, version: TlsVersion): Promise<Met> {
    const since = program.spoken()
    const target = { place: { address: '127.0.0.1', port }, host: dialledName, timeoutMs }
    const connected = await connectOnce(target, presenter, version)
    const refused = outcomeOf(connected.seen, undefined).kind !== 'accepted'
    await settled(program, since, refused, (said) => this.words.nameReason(said))
    const said = program.said(since)
    // The first connection is that of the good certificate.
    if (this.#first && !refused) this.words.learn(said)
    this.#first = false
    return { ...connected, words: this.words.unusual(said) }
  }

  #first = true

  async end(): Promise<void> {
    await this.#standing?.program.stop()
  }
}

/** A process for each connection. */
export class DiallerBench extends Bench implements Meeting {
  readonly #dial: NonNullable<Program['dial']>
  readonly #stance: Stance
  #first = true

  constructor(dial: NonNullable<Program['dial']>, ground: SurveyGround, folder: string, stance: Stance = 'strict') {
    super(ground, folder)
    this.#dial = dial
    this.#stance = stance
  }

  async meet(shown: Shown, version: TlsVersion): Promise<Met> {
    const visits: Visit[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    const { settings } = shown.presenter
    const listener = await openListener({
      address: '127.0.0.1',
      port: 0,
      rootPem: this.rootPem,
      versions: [version],
      ...(settings === undefined ? {} : { settings }),
      patienceMs: 2000,
      choose: () => ({ slug: 'shown', presenter: shown.presenter }),
      onVisit: (visit) => {
        visits.push(visit)
        resolve()
      },
    })
    try {
      const program = await started(() => this.#dial(this.files(shown), listener.port, version, this.#stance))
      if (program instanceof Error) return refusesToStart(this.words.unusual(program.message))
      const late = new Promise<void>((done) => void setTimeout(done, patienceMs).unref())
      const gone = program.ended(patienceMs).then(() => new Promise<void>((done) => void setTimeout(done, 400)))
      await Promise.race([promise, gone, late])
      const [visit] = visits
      const refused = visit === undefined || outcomeOf(visit.seen, undefined).kind !== 'accepted'
      await settled(program, 0, refused, (said) => this.words.nameReason(said))
      const said = program.said()
      await program.stop()
      return this.#met(shown, visit, said)
    } finally {
      await listener.close()
    }
  }

  #met(shown: Shown, visit: Visit | undefined, said: string): Met {
    if (this.#first) this.words.learn(said)
    this.#first = false
    const words = this.words.unusual(said)
    if (visit === undefined && !this.isUsual(shown)) return refusesToStart(words)
    if (visit === undefined) return { seen: { kind: 'none', words: `it did not dial: ${words}`.slice(0, 300) }, words }
    const { seen, product } = visit
    return { seen, words, ...(product === undefined ? {} : { product }) }
  }

  async end(): Promise<void> {
    // Each process has ended with its connection.
  }
}

/** The words about how it was asked whether it listens are spoken. */
async function silent(accepting: Accepting): Promise<Accepting> {
  await settled(accepting.program, 0, false)
  return accepting
}

/** Some read their files before there is a promise. */
async function started<Result>(start: () => Promise<Result>): Promise<Result | Error> {
  try {
    return await start()
  } catch (error) {
    if (error instanceof Error) return error
    throw error
  }
}

/** A program that does not run with what the fault puts in its files notices the fault. */
function refusesToStart(words: string): Met {
  const told = `it does not start: ${words}`.slice(0, 300)
  return { seen: { kind: 'ended', during: 'handshake', alert: undefined, reset: false, words: told }, words }
}
