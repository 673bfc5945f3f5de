import { readFileSync } from 'node:fs'
import t from 'tap'
import { faults } from '../../../src/faults/catalogue/index.ts'
import { faultList } from '../../../src/faults/list.ts'
import { labOf, loadScenario, parseScenario, scenarioNames } from '../../../src/lab/scenario/load.ts'
import { loadTopology } from '../../../src/topology/load.ts'
import { planLab } from '../../../src/topology/plan.ts'

const head = 'name: one\nfamily: time\ntopology: edge\nstory: Something happens.\nsteps:\n'

/** Line 6 is the first step. */
function scenario(...steps: readonly string[]): string {
  return head + steps.map((step) => `  - ${step}\n`).join('')
}

function refusal(...steps: readonly string[]): string {
  try {
    parseScenario(scenario(...steps), 'my.yaml')
    return 'accepted'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

t.test('a scenario file', async (t) => {
  t.test('keeps the line of each step', async (t) => {
    const { steps } = parseScenario(
      scenario('say: hello', 'do: mtls fe1 off', 'expect: { node: fe1, state: ready }'),
      'my.yaml',
    )
    t.strictSame(
      steps.map(({ kind, line }) => [kind, line]),
      [
        ['say', 6],
        ['do', 7],
        ['expect', 8],
      ],
    )
  })

  const faulty: readonly (readonly [name: string, steps: readonly string[], message: RegExp])[] = [
    [
      'an unknown field',
      ['say: hello', 'expects: { node: fe1 }'],
      /^my\.yaml:7: .*wanted one of say, do, kill.* the unknown key "expects"/,
    ],
    ['two kinds in one step', ['{ say: hello, do: mtls fe1 off }'], /^my\.yaml:6: .*wanted one of .*found say and do/],
    [
      'a field that does not go with the kind',
      ['{ say: hello, within: 3s }'],
      /^my\.yaml:6: .*wanted beside "say" nothing, found "within"/,
    ],
    [
      'a command that is no matter of a story',
      ['do: up edge'],
      /^my\.yaml:6: steps\[0\]\.do: wanted a siplab command that begins with assign/,
    ],
    ['a variable nobody kept', ['do: assign fe1 listener ${trial}'], /^my\.yaml:6: .*found \$\{trial\}/],
    [
      'a buddy that is nobody',
      ['phone: { user: alice, does: buddy }'],
      /^my\.yaml:6: .*wanted to: the user it watches, found none/,
    ],
    [
      'a status of one who only looks',
      ['phone: { user: alice, does: buddy, to: bob, status: open }'],
      /^my\.yaml:6: .*wanted status only with does: presence, found does: buddy/,
    ],
    ['a search for nothing', ['phone: { user: alice, does: search }'], /^my\.yaml:6: .*wanted text: the name it/],
    [
      'a span without a unit',
      ['{ expect: { node: fe1, state: ready }, within: 30 }'],
      /^my\.yaml:6: steps\[0\]\.within: wanted text/,
    ],
    ['a link that is none', ['expect: { link: fe1, state: up }'], /^my\.yaml:6: .*wanted a link such as director->fe1/],
    [
      'a link in the state of a node',
      ['expect: { link: a->b, state: ready }'],
      /wanted state: up or down, found ready/,
    ],
    ['two subjects', ['expect: { node: fe1, state: ready, verdict: cert.expired }'], /found node and verdict/],
    ['events of nobody', ['expect: { events: [service.ready] }'], /wanted at: the node that logged them/],
    ['a message to nobody', ['phone: { user: alice, does: message }'], /wanted to: the user it writes to, found none/],
    [
      'header fields of a call',
      ['phone: { user: alice, does: call, to: bob, headers: { Subject: x } }'],
      /wanted headers only with does: message/,
    ],
    [
      'answers of a message',
      ['phone: { user: alice, does: message, to: bob, answersWith: { Server: x } }'],
      /wanted answersWith only with does: sign-in/,
    ],
    [
      'two lines in a header field',
      ['phone: { user: alice, does: message, to: bob, headers: { Subject: "x\\r\\nVia: y" } }'],
      /one line/,
    ],
    ['a sign-in nowhere', ['phone: { user: alice, does: sign-in }'], /wanted at: the node it dials/],
  ]
  for (const [name, steps, message] of faulty) {
    t.test(`is refused for ${name}, with file and line`, async (t) => t.match(refusal(...steps), message))
  }

  t.test('that does not exist is an error that names those that do', async (t) => {
    t.throws(() => loadScenario('nowhere'), {
      message: /wanted a scenario or the path of .*found "nowhere"; all \d+: siplab scenario list/,
    })
    t.throws(() => loadScenario('./nowhere.yaml'), {
      message: /wanted a scenario file, found nothing at \.\/nowhere\.yaml/,
    })
  })
})

t.test('the shipped scenarios', async (t) => {
  const all = scenarioNames().map((name) => loadScenario(name))

  t.test('are named as their files', async (t) =>
    t.strictSame(
      all.map(({ name }) => name),
      scenarioNames(),
    ),
  )

  t.test('name nodes and users of their topology', async (t) => {
    for (const { name, topology, folder, steps } of all) {
      const plan = planLab(loadTopology(labOf({ topology, folder })))
      const nodes = new Set(plan.nodes.map((node) => node.name))
      const named = steps.flatMap(({ step }) => [
        step.kill,
        step.expect?.node,
        step.expect?.at,
        step.phone?.at,
        ...(step.redial?.split('->') ?? []),
        ...(step.expect?.link?.split('->') ?? []),
        ...(step.expect?.flow?.split('->') ?? []),
      ])
      t.strictSame(
        named.filter((node) => node !== undefined && !nodes.has(node)),
        [],
        `${name}: nodes`,
      )
      const users = new Set(plan.users.map(({ login }) => login))
      t.strictSame(
        steps
          .flatMap(({ step }) => [step.phone?.user, step.phone?.to])
          .filter((user) => user !== undefined && !isDialled(user) && !users.has(user)),
        [],
        `${name}: users`,
      )
    }
  })

  t.test('tell every fault of links, DNS, store, directory and configuration', async (t) => {
    const told = new Set(
      all.flatMap(({ steps }) =>
        steps.flatMap(({ step }) => (step.do?.startsWith('break ') === true ? [toldBy(step.do)] : [])),
      ),
    )
    const wanted = faultList
      // A fault of the name that is dialled is one of a certificate, and told with its family.
      .filter(
        ({ target, family }) =>
          (target === 'link' ? family === 'link' : target !== 'node') || family === 'configuration',
      )
      .map(({ target, name }) => `${target} ${name}`)
    t.strictSame(
      wanted.filter((fault) => !told.has(fault)),
      [],
    )
  })

  t.test('cover every family of certificate faults', async (t) => {
    const told = new Set<string>(all.map(({ family }) => family))
    t.strictSame(
      [...new Set(faults.map(({ family }) => family))].filter((family) => !told.has(family)),
      [],
    )
  })
})

/** Whom a phone calls by a URI or a number. */
function isDialled(to: string): boolean {
  return /^(?:sips?:|tel:|[+\d])/.test(to)
}

/** `break director->fe1 cut` is `link cut`. */
function toldBy(command: string): string {
  const [, target = '', fault = ''] = command.split(' ')
  const kind = target.includes('->') ? 'link' : ['store', 'directory', 'dns'].includes(target) ? target : 'node'
  return `${kind} ${fault}`
}

t.test('docs/scenarios.md names every shipped scenario', async (t) => {
  const page = readFileSync(new URL('../../../docs/scenarios.md', import.meta.url), 'utf8')
  t.strictSame(
    scenarioNames().filter((name) => !page.includes(`\`${name}\``)),
    [],
  )
})
