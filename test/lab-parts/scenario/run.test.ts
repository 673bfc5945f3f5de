/** The runner over a lab that is made of arrays: what it waits for, what ends a story, what is told. */
import t from 'tap'
import type { CommandOutcome, DrivenLab, LabDriver, NodeStanding } from '../../../src/lab/scenario/driver.ts'
import { htmlReport } from '../../../src/lab/scenario/report-html.ts'
import { parseScenario } from '../../../src/lab/scenario/load.ts'
import { runScenario, type ScenarioResult } from '../../../src/lab/scenario/run.ts'
import { loadTopology } from '../../../src/topology/load.ts'
import { planLab } from '../../../src/topology/plan.ts'

const topology = loadTopology('edge')
const head = 'name: one\nfamily: time\ntopology: edge\nstory: Something happens.\nwithin: 300ms\nsteps:\n'

interface Script {
  readonly answers?: Readonly<Record<string, CommandOutcome>>
  readonly standing?: () => NodeStanding
  readonly lacks?: string
  readonly fails?: string
}

interface Played {
  readonly result: ScenarioResult
  readonly commands: readonly string[]
  readonly ended: boolean
}

async function played(
  steps: readonly string[],
  script: Script = {},
  signal = new AbortController().signal,
): Promise<Played> {
  const commands: string[] = []
  let ended = false
  const listeners = new Set<() => void>()
  const lab: DrivenLab = {
    plan: planLab(topology),
    ready: {
      event: 'ready',
      topology: 'edge',
      domain: 'lab.test',
      profile: 'lcs2005',
      data: '',
      nodes: [],
      dns: { internal: { address: '', port: 0 }, external: { address: '', port: 0 } },
      trust: {},
      users: [],
    },
    data: undefined,
    events: [],
    stops: [],
    async command(args) {
      commands.push(args.join(' '))
      return script.answers?.[args.join(' ')] ?? { status: 0, document: {}, complaint: '' }
    },
    standing: async () => script.standing?.() ?? { state: 'ready' },
    flows: async () => [],
    kill: async () => undefined,
    redial: async () => undefined,
    onNews(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async end() {
      ended = true
    },
  }
  const driver: LabDriver = {
    kind: 'local',
    lacks: () => script.lacks,
    bringUp: async () => {
      if (script.fails !== undefined) throw new Error(script.fails)
      return lab
    },
  }
  const scenario = parseScenario(head + steps.map((step) => `  - ${step}\n`).join(''), 'my.yaml')
  const result = await runScenario(scenario, { driver, topology, source: 'edge', signal, onStep: () => undefined })
  return { result, commands, ended }
}

t.test('a step whose success is a failure', async (t) => {
  const locked = {
    status: 1,
    document: { error: { code: 'config.certificate-locked', message: 'The Security tab cannot be opened' } },
    complaint: '',
  }
  const step = 'do: settings fe1 security\n    fails: config.certificate-locked'
  const { result } = await played([step], { answers: { 'settings fe1 security': locked } })

  t.test('tells the words of the refusal, and why it is right', async (t) => {
    t.match(result.steps, [
      {
        outcome: 'passed',
        told: [
          'refused: The Security tab cannot be opened',
          'The scenario expects this refusal (a failure, config.certificate-locked).',
        ],
      },
    ])
  })

  t.test('does so on the page too', async (t) => {
    t.match(htmlReport([result], ''), /<p class="told">refused: The Security tab cannot be opened<\/p>/)
  })

  t.test('one that answers without an error tells its answer', async (t) => {
    const { result } = await played(['do: node start fe1\n    status: 1\n    answers: { state: ended }'], {
      answers: { 'node start fe1': { status: 1, document: { state: 'ended' }, complaint: '' } },
    })
    t.match(result.steps[0]?.told, ['refused: state ended', /expects this refusal .*exit 1, state ended/])
  })

  t.test('what goes well tells nothing', async (t) => {
    t.equal((await played(['do: mtls fe1 off'])).result.steps[0]?.told, undefined)
  })
})

t.test('the runner', async (t) => {
  t.test('gives what one command answered to the next', async (t) => {
    const { result, commands } = await played(
      ['{ do: certs trial fe1 --valid 10s, keep: { trial: certificate.name } }', 'do: assign fe1 listener ${trial}'],
      {
        answers: {
          'certs trial fe1 --valid 10s': { status: 0, document: { certificate: { name: 'fe1-trial' } }, complaint: '' },
        },
      },
    )
    t.equal(result.outcome, 'passed')
    t.strictSame(commands, ['certs trial fe1 --valid 10s', 'assign fe1 listener fe1-trial'])
    t.strictSame(result.variables, { trial: 'fe1-trial' })
  })

  t.test('ends a story at the first step that falls short, and says what was wanted and found where', async (t) => {
    const { result, commands, ended } = await played(['do: mtls fe1 off', 'do: mtls fe1 on'], {
      answers: {
        'mtls fe1 off': {
          status: 1,
          document: { error: { code: 'node.refused', message: 'It refuses' } },
          complaint: '',
        },
      },
    })
    t.match(result, {
      outcome: 'failed',
      steps: [
        {
          outcome: 'failed',
          line: 7,
          wanted: 'exit 0',
          found: 'exit 1, node.refused, It refuses',
          next: 'siplab mtls fe1 off',
        },
        { outcome: 'skipped' },
      ],
    })
    t.equal(commands.length, 1)
    t.ok(ended, 'the lab is taken down')
  })

  t.test('takes a failure that was expected for what it is', async (t) => {
    const locked = {
      answers: {
        'unassign fe1 listener': {
          status: 1,
          document: { error: { code: 'config.certificate-locked', message: 'It is invalid' } },
          complaint: '',
        },
      },
    }
    t.equal(
      (await played(['{ do: unassign fe1 listener, fails: config.certificate-locked, says: invalid }'], locked)).result
        .outcome,
      'passed',
    )
    t.equal((await played(['{ do: unassign fe1 listener, fails: cert.expired }'], locked)).result.outcome, 'failed')
    t.equal(
      (await played(['{ do: mtls fe1 on, fails: config.certificate-locked }'], locked)).result.outcome,
      'failed',
      'a command that should have failed',
    )
  })

  t.test('waits until an expectation holds', async (t) => {
    let looks = 0
    const { result } = await played(['expect: { node: fe1, state: stopped }'], {
      standing: () => ((looks += 1) > 1 ? { state: 'stopped' } : { state: 'ready' }),
    })
    t.equal(result.outcome, 'passed')
    t.equal(looks, 2)
  })

  t.test('gives up at the deadline', async (t) => {
    const { result } = await played(['expect: { node: fe1, state: stopped }'])
    t.match(result.steps, [{ outcome: 'failed', wanted: 'fe1 stopped', found: 'fe1 ready' }])
    t.ok((result.steps[0]?.tookMs ?? 0) >= 290)
  })

  t.test('stops waiting when it is interrupted', async (t) => {
    const { result, ended } = await played(
      ['{ expect: { node: fe1, state: stopped }, within: 60s }', 'do: mtls fe1 off'],
      {},
      AbortSignal.timeout(50),
    )
    t.match(result, { outcome: 'failed', because: 'interrupted' })
    t.ok(ended)
  })

  t.test('skips by name what cannot be had here', async (t) => {
    t.match((await played(['say: hello'], { lacks: 'libfaketime is not installed' })).result, {
      outcome: 'skipped',
      because: 'libfaketime is not installed',
      steps: [],
    })
  })

  t.test('reports a lab that does not come up', async (t) => {
    t.match((await played(['say: hello'], { fails: 'the network is taken' })).result, {
      outcome: 'failed',
      because: /did not come up: the network is taken/,
    })
  })
})
