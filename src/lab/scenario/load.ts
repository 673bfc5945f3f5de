/** Reads scenario files: the shipped ones by name, one's own by path. Faults come out with file, line and field. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { noFile } from '../../topology/config-error.ts'
import { insteadOf } from '../../topology/nearest-name.ts'
import { readDocument, type Fault } from '../../topology/document.ts'
import {
  scenarioSchema,
  stepKinds,
  type Expectation,
  type PhoneStep,
  type ScenarioFile,
  type Step,
  type StepKind,
} from './format.ts'
import { foundAt } from '../../verdicts/machine-limit.ts'
import { packageFolder } from '../../topology/package-folder.ts'
import { variablesIn } from './variables.ts'

const shippedScenarios = join(packageFolder, 'scenarios')

export interface Scenario extends Omit<ScenarioFile, 'steps'> {
  /** As it was named, for messages. */
  readonly file: string
  /** The folder of the file: a lab file that it names by path may be in the same folder. */
  readonly folder: string
  readonly steps: readonly PlacedStep[]
}

export interface PlacedStep {
  readonly kind: StepKind
  readonly step: Step
  /** Of the file, 1-based. */
  readonly line: number
}

export function scenarioNames(folder: string = shippedScenarios): readonly string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => basename(file, '.yaml'))
    .sort()
}

/**
 * `loadScenario('trial-certificate-expiry')`, or the path of a file: what has a slash or an ending is a path.
 *
 * @throws ConfigError
 */
export function loadScenario(nameOrFile: string, folder: string = shippedScenarios): Scenario {
  const isFile = nameOrFile.includes('/') || /\.ya?ml$/.test(nameOrFile)
  const file = isFile ? nameOrFile : join(folder, `${nameOrFile}.yaml`)
  if (!isFile && !existsSync(file)) {
    const instead = insteadOf(nameOrFile, scenarioNames(folder), 'siplab scenario list')
    throw noFile(nameOrFile, 'a scenario or the path of a scenario file', `"${nameOrFile}"${instead}`)
  }
  return parseScenario(
    isFile ? readOwn(file) : readFileSync(file, 'utf8'),
    isFile ? file : `scenarios/${nameOrFile}.yaml`,
    dirname(file),
  )
}

function readOwn(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw noFile(file, 'a scenario file', foundAt(cause, file), { cause })
  }
}

/** The lab file of a scenario: a shipped name, a file beside the scenario, or a path from where siplab runs. */
export function labOf({ topology, folder }: Pick<Scenario, 'topology' | 'folder'>): string {
  const beside = join(folder, topology)
  return topology.includes('/') && existsSync(beside) ? beside : topology
}

export function parseScenario(text: string, file: string, folder: string = dirname(file)): Scenario {
  const { value, error } = readDocument(scenarioSchema, text, file)
  const known = new Set<string>()
  const steps = value.steps.map((step, at): PlacedStep => {
    const fault = stepFault(step, at, known)
    if (fault !== undefined) throw error(fault)
    for (const name of Object.keys(step.keep ?? {})) known.add(name)
    return { kind: kindOf(step), step, line: error({ path: ['steps', at], wanted: '', found: '' }).line }
  })
  return { ...value, file, folder, steps }
}

function kindsOf(step: Step): readonly StepKind[] {
  return stepKinds.filter((kind) => step[kind] !== undefined)
}

function kindOf(step: Step): StepKind {
  return kindsOf(step)[0] ?? 'say'
}

/** Which further fields go with which kind of step. */
const fieldsOf: Readonly<Record<StepKind, readonly (keyof Step)[]>> = {
  say: [],
  do: ['within', 'status', 'fails', 'says', 'answers', 'keep'],
  kill: [],
  redial: [],
  phone: ['within', 'fails', 'says', 'answer', 'diagnostics'],
  expect: ['within'],
}

function stepFault(step: Step, at: number, known: ReadonlySet<string>): Fault | undefined {
  const kinds = kindsOf(step)
  const [kind] = kinds
  if (kind === undefined || kinds.length > 1)
    return {
      path: ['steps', at],
      wanted: `one of ${stepKinds.join(', ')}`,
      found: kinds.length === 0 ? 'none of them' : kinds.join(' and '),
    }
  const stray = Object.entries(step).find(
    ([name, value]) => value !== undefined && name !== kind && !fieldsOf[kind].some((field) => field === name),
  )
  if (stray !== undefined)
    return {
      path: ['steps', at, stray[0]],
      wanted: `beside "${kind}" ${fieldsOf[kind].join(', ') || 'nothing'}`,
      found: `"${stray[0]}"`,
    }
  const missing = variablesIn(step).find((name) => !known.has(name))
  if (missing !== undefined)
    return { path: ['steps', at], wanted: 'a variable that an earlier step keeps', found: `\${${missing}}` }
  return (
    (step.expect === undefined ? undefined : expectationFault(step.expect, at)) ??
    (step.phone === undefined ? undefined : phoneFault(step.phone, at))
  )
}

function expectationFault(expect: Expectation, at: number): Fault | undefined {
  const path = ['steps', at, 'expect'] as const
  const { node, link, verdict, events, flow, state } = expect
  const subjects = Object.entries({ node, verdict, events, flow })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name)
  if (subjects.length > 1)
    return { path: [...path, subjects[1] ?? ''], wanted: `only "${subjects[0]}"`, found: subjects.join(' and ') }
  if (subjects.length === 0 && link === undefined)
    return { path, wanted: 'one of node, link, verdict, events, flow', found: 'none of them' }
  if (node !== undefined && (state === undefined || state === 'up' || state === 'down'))
    return { path, wanted: 'state: ready, degraded, draining or stopped', found: state ?? 'no state' }
  if (subjects.length === 0 && state !== 'up' && state !== 'down')
    return { path, wanted: 'state: up or down', found: state ?? 'no state' }
  if (events !== undefined && expect.at === undefined)
    return { path, wanted: 'at: the node that logged them', found: 'no node' }
  return undefined
}

/** Fields of a phone step that go with one thing it does. */
const onlyWith: Readonly<Partial<Record<keyof PhoneStep, readonly PhoneStep['does'][]>>> = {
  text: ['message', 'search'],
  headers: ['message'],
  arrivesWith: ['message'],
  returnsWith: ['message'],
  answersWith: ['sign-in'],
  client: ['sign-in'],
  root: ['sign-in'],
  status: ['presence'],
  note: ['presence'],
  sees: ['buddy'],
  seesNote: ['buddy'],
  finds: ['search'],
}

/** What a phone step cannot do without. */
const neededFor: Readonly<Partial<Record<PhoneStep['does'], readonly [keyof PhoneStep, string]>>> = {
  'sign-in': ['at', 'the node it dials'],
  message: ['to', 'the user it writes to'],
  call: ['to', 'the user it calls'],
  buddy: ['to', 'the user it watches'],
  presence: ['status', 'what it shows'],
  search: ['text', 'the name it searches for'],
}

function phoneFault(step: PhoneStep, at: number): Fault | undefined {
  const { does } = step
  const path = ['steps', at, 'phone'] as const
  const [needed, what] = neededFor[does] ?? []
  if (needed !== undefined && step[needed] === undefined) return { path, wanted: `${needed}: ${what}`, found: 'none' }
  for (const [field, wanted] of Object.entries(onlyWith))
    if (step[field as keyof PhoneStep] !== undefined && !wanted.includes(does))
      return {
        path: [...path, field],
        wanted: `${field} only with does: ${wanted.join(' or ')}`,
        found: `does: ${does}`,
      }
  return undefined
}
