/**
 * A survey of Kamailio, HAProxy and Go, accepting and dialling, as administrators often leave them and hardened: it
 * finds what is known of each, and the hardened one accepts fewer faults. A sample of faults, drawn with a seed that is
 * printed. Run: node scripts/survey-sample.ts [--seed N]. Exit status 75: none is installed.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openGround, planTrials, surveyName, type SurveyGround } from '../src/survey/index.ts'
import { installed } from './stacks/index.ts'
import { haproxy, kamailio } from './stacks/proxies.ts'
import { go } from './stacks/scripted.ts'
import { dialledName, type Stack, type Stance } from './stacks/stack.ts'
import type { MatrixRun, MatrixTrial, Role } from './survey-matrix/document.ts'
import { runMatrix } from './survey-matrix/run.ts'

/** What is known of a hardened stack, and that its survey must show. */
interface Known {
  readonly stack: string
  readonly role: Role
  readonly says: string
  /** Each refused trial but one that a program meets at its start. */
  readonly refused?: (trial: MatrixTrial) => boolean
  /** Outcome by fault. */
  readonly outcomes?: Readonly<Record<string, MatrixTrial['outcome']>>
}

const known: readonly Known[] = [
  {
    stack: 'Go',
    role: 'acceptor',
    says: 'sends alert 42 for everything that it refuses',
    refused: ({ how }) => how === 'alert 42',
    outcomes: { expired: 'refused', 'self-signed': 'refused', 'untrusted-root': 'refused' },
  },
  {
    stack: 'Go',
    role: 'dialler',
    says: 'checks the name, and writes "has expired or is not yet valid" for an expired certificate',
    refused: ({ fault, stack }) => fault !== 'expired' || /expired or is not yet valid.*is after/.test(stack),
    outcomes: { 'wrong-host': 'refused' },
  },
  {
    stack: 'Kamailio',
    role: 'acceptor',
    says: 'prints "certificate verify failed" whatever it refuses',
    refused: ({ stack }) => /certificate verify failed|did not return a certificate/.test(stack),
  },
  {
    stack: 'Kamailio',
    role: 'dialler',
    says: 'does not check the name of the server',
    outcomes: { 'wrong-host': 'accepted', expired: 'refused', 'untrusted-root': 'refused' },
  },
  { stack: 'HAProxy', role: 'acceptor', says: 'refuses expired certificates', outcomes: { expired: 'refused' } },
  {
    stack: 'HAProxy',
    role: 'dialler',
    says: 'prints "Layer6 invalid response" for its own refusals, and checks verifyhost',
    refused: ({ stack }) => /Layer6 invalid response/.test(stack),
    outcomes: { 'wrong-host': 'refused' },
  },
]

/** The same faults each time for the same seed; those of which something is known among them. */
function sampleOf(ground: SurveyGround, role: Role, seed: number): readonly string[] {
  let state = seed
  const next = (): number => (state = (state * 48_271) % 2_147_483_647)
  const always = ['self-signed', 'untrusted-root', 'expired', ...(role === 'dialler' ? ['wrong-host'] : [])]
  const side = role === 'acceptor' ? 'client' : 'server'
  const name = side === 'client' ? surveyName : dialledName
  const others = planTrials({ ground, side, name, crls: false })
    .filter(({ slug, attempt }) => !always.includes(slug) && attempt(Date.now()).kind === 'try')
    .map(({ slug }) => [next(), slug] as const)
    .toSorted(([one], [other]) => one - other)
  return [...always, ...others.slice(0, 4).map(([, slug]) => slug)]
}

/** Accepted faults that weigh something; undefined: the survey stopped, as where no certificate is asked for. */
function acceptedBy({ version, role, tls, trials, stopped }: MatrixRun, stance: Stance): number | undefined {
  const bad = trials.filter(({ outcome, severity }) => outcome === 'accepted' && severity !== undefined)
  const names = bad.map(({ fault, severity }) => `${fault} (${severity})`).join(', ')
  console.log(
    `${version}, ${role}, TLS ${tls}, ${stance}: ${bad.length} accepted${names === '' ? '' : `: ${names}`}` +
      (stopped === undefined ? '' : `; stopped: ${stopped}`),
  )
  return stopped === undefined ? bad.length : undefined
}

/** Sentences that the survey of a hardened stack did not bear out. */
function notFound({ program, role, tls, trials }: MatrixRun): readonly string[] {
  return known
    .filter((each) => each.stack === program && each.role === role)
    .flatMap(({ says, refused, outcomes = {} }) => {
      const odd = trials.filter((trial) => {
        const wanted = outcomes[trial.fault]
        if (wanted !== undefined && trial.outcome !== wanted) return true
        return trial.outcome === 'refused' && trial.how !== 'does not start' && refused?.(trial) === false
      })
      return odd.map((trial) => `${program}, ${role}, TLS ${tls}: "${says}" is not so: ${JSON.stringify(trial)}`)
    })
}

async function surveyBoth(stack: Stack, role: Role, setting: Setting): Promise<readonly string[]> {
  const { ground, folder, seed } = setting
  const only = sampleOf(ground, role, seed)
  const wrong: string[] = []
  for (const tls of ['1.2', '1.3'] as const) {
    const lax = await runMatrix({ program: stack, role, tls, only, stance: 'lax' }, ground, folder)
    const strict = await runMatrix({ program: stack, role, tls, only }, ground, folder)
    const [loose, hard] = [acceptedBy(lax, 'lax'), acceptedBy(strict, 'strict')]
    if (hard === undefined) wrong.push(`${stack.name}, ${role}: the survey of the hardened one stopped`)
    else if (loose !== undefined && hard >= loose)
      wrong.push(`${stack.name}, ${role}, TLS ${tls}: hardened it accepts ${hard} faults, before ${loose}`)
    wrong.push(...notFound(strict))
  }
  return wrong
}

interface Setting {
  readonly ground: SurveyGround
  readonly folder: string
  readonly seed: number
}

/** Of the job: the same sample each time. */
const usualSeed = 2005

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { seed: { type: 'string' } } })
  const seed = Number(values.seed ?? usualSeed)
  console.log(`seed ${seed}`)
  const { there, missing } = installed<Stack>([go, kamailio, haproxy])
  for (const { name, why } of missing) console.log(`skipped: ${name}: ${why}`)
  if (there.length === 0) return 75
  const folder = mkdtempSync(join(tmpdir(), 'siplab-survey-'))
  try {
    const setting = { ground: openGround(join(folder, 'ground'), Date.now()), folder, seed }
    const ways = there.flatMap((stack) => (['acceptor', 'dialler'] as const).map((role) => [stack, role] as const))
    // At once: a survey waits more than it works.
    const wrong = (await Promise.all(ways.map(([stack, role]) => surveyBoth(stack, role, setting)))).flat()
    for (const sentence of wrong) console.log(sentence)
    console.log(`${ways.length} stacks and roles surveyed, ${wrong.length} findings not as known`)
    return wrong.length === 0 ? 0 : 1
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}

process.exitCode = await main()
