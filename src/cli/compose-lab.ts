/**
 * `--lab compose`: a command goes to the service `lab` of the running container lab and runs there, where every node's
 * folder is. What needs the container engine (a container started again) is done here for it.
 */
import { spawn } from 'node:child_process'
import { cutOff, cutOffFault, reconnect } from '../lab/containers/cut-off.ts'
import { containerOf, containers, docker, findProject } from '../lab/containers/docker.ts'
import type { ComposeProject, ContainerState } from '../lab/containers/docker.ts'
import { attendProject, insideData } from '../lab/containers/session.ts'
import type { LinkState } from '../node/control/control-api.ts'
import { UsageError } from './usage-error.ts'
import type { ExitStatus } from './failure.ts'
import type { Io } from './io.ts'

/** The command line without `--lab compose`; undefined when it is for a lab on this machine. */
export function withoutComposeLab(args: readonly string[]): readonly string[] | undefined {
  const at = args.findIndex(
    (arg, index) => arg === '--lab=compose' || (arg === '--lab' && args[index + 1] === 'compose'),
  )
  if (at < 0 || args.includes('--help') || args.includes('-h')) return undefined
  // Scenarios are played from outside, each in a container lab of its own; the console runs outside and asks inside.
  if (args[0] === 'scenario' || args[0] === 'console') return undefined
  return args.toSpliced(at, args[at] === '--lab' ? 2 : 1)
}

/** What has no meaning inside, with what does instead. */
const notInside: Readonly<Record<string, string>> = {
  up: 'docker compose up --detach brings the container lab up',
  down: 'docker compose down brings the container lab down',
  plan: 'siplab plan --containers shows the plan of the container lab',
  explain: 'siplab explain needs no lab; leave --lab out',
  decode: 'siplab decode needs no lab; leave --lab out',
  phone: 'docs/containers.md shows how a phone joins a network of the container lab',
  check: 'use siplab check with an address; docs/containers.md shows how to reach the container lab',
  'bench-proxy': 'siplab bench-proxy is no part of a lab; leave --lab out',
}

/** What may ask for a container to be started or stopped. */
const attended = new Set(['node', 'break', 'heal', 'certs'])

/** Runs a command line, given without `--lab`, in the container lab. */
export async function runInComposeLab(args: readonly string[], io: Io): Promise<ExitStatus> {
  const [command = ''] = args
  const instead = notInside[command]
  if (instead !== undefined) throw new UsageError(`${command} does not accept --lab compose: ${instead}`)
  if (args.some((arg) => arg === '--data' || arg.startsWith('--data=')))
    throw new UsageError(
      '--data names a folder of this machine; with --lab compose, COMPOSE_PROJECT_NAME chooses the lab',
    )
  const project = await findProject(io.environment)
  if (command === 'users') return follow(io, await usersCommand(project, args))
  if (command === 'break' || command === 'heal') {
    const done = await onTheWire(io, project, args)
    if (done) return 0
  }
  const session = attended.has(command) ? await attendProject(project, () => undefined) : undefined
  try {
    const foreign =
      command === 'status' ? ['--env', `SIPLAB_FOREIGN_NODES=${JSON.stringify(await foreignStates(project))}`] : []
    return await follow(io, [
      'exec',
      '--interactive',
      '--env',
      'SIPLAB_FOLLOWS_INPUT=1',
      ...foreign,
      ...terminal(io),
      project.lab,
      'siplab',
      ...args,
      '--data',
      insideData,
    ])
  } finally {
    await session?.close()
  }
}

/** `break NODE cut-off` and its heal are the engine's to do; true when that is what was asked. */
async function onTheWire(io: Io, project: ComposeProject, args: readonly string[]): Promise<boolean> {
  const [command, node = '', fault] = args.filter((arg) => !arg.startsWith('-'))
  if (node === '' || node === 'all' || node.includes('>') || (command === 'break' && fault !== cutOffFault))
    return false
  const networks = command === 'break' ? await cutOff(project, node) : await reconnect(project, node)
  if (networks === undefined) return false
  const links = await linksTo(project, node)
  const document = { target: node, fault: cutOffFault, on: command === 'break', networks, links }
  const text = links
    .map(
      ({ from, state, verdict }) =>
        `  ${from}->${node} is ${state}${verdict === undefined ? '' : `: ${verdict.code}`}\n`,
    )
    .join('')
  io.out(
    args.includes('--json')
      ? `${JSON.stringify(document)}\n`
      : `${node} is ${command === 'break' ? 'cut off from' : 'back in'} ${networks.join(', ')}\n${text}`,
  )
  return true
}

/** Nothing closes a connection to a host that is gone, so its peers dial anew and tell what came of it. */
async function linksTo(
  project: ComposeProject,
  node: string,
): Promise<readonly (LinkState & { readonly from: string })[]> {
  const session = await attendProject(project, () => undefined)
  try {
    const { document } = await session.command(['status'])
    const { nodes } = document as {
      readonly nodes: readonly {
        readonly name: string
        readonly role: string
        readonly fqdn: string
        readonly state: string
      }[]
    }
    const peer = nodes.find(({ name }) => name === node)?.fqdn
    const dialling = nodes.filter(
      ({ name, role, state }) =>
        name !== node && diallingRoles.has(role) && (state === 'ready' || state === 'degraded'),
    )
    const states = await Promise.all(
      dialling.map(async ({ name }) =>
        (await session.ask<readonly LinkState[]>(name, '/redial', { peer })).map((link) => ({ from: name, ...link })),
      ),
    )
    return states.flat()
  } finally {
    await session.close()
  }
}

const diallingRoles: ReadonlySet<string> = new Set([
  'front-end',
  'standard-edition',
  'director',
  'access-proxy',
  'gateway',
])

/**
 * The directory is reached from the network of its database, by the container that filled it: one more like it, for one
 * command.
 */
async function usersCommand(project: ComposeProject, args: readonly string[]): Promise<readonly string[]> {
  const { id } = await containerOf(project, 'directory')
  const inspect = (format: string): Promise<string> => docker(project.environment, 'inspect', '--format', format, id)
  const [image, environment, networks, program] = await Promise.all([
    inspect('{{.Config.Image}}'),
    inspect('{{json .Config.Env}}'),
    inspect('{{range $name, $net := .NetworkSettings.Networks}}{{$name}} {{end}}'),
    inspect('{{json .Config.Cmd}}'),
  ])
  const seed = JSON.parse(program) as readonly string[]
  const topology = seed[seed.indexOf('--topology') + 1] ?? ''
  const [network = 'none'] = networks.split(' ')
  const variables = (JSON.parse(environment) as readonly string[]).flatMap((each) => ['--env', each])
  return [
    'run',
    '--rm',
    '--read-only',
    '--volumes-from',
    id,
    '--network',
    network,
    ...variables,
    image,
    'siplab',
    ...args,
    '--topology',
    topology,
    '--data',
    insideData,
  ]
}

/** Nodes that run a program of their own have no control socket: how Docker sees them has to do. */
async function foreignStates(project: ComposeProject): Promise<Readonly<Record<string, string>>> {
  return Object.fromEntries([...(await containers(project))].map(([service, state]) => [service, stateOf(state)]))
}

function stateOf({ status, health }: ContainerState): string {
  if (status !== 'running') return 'stopped'
  return health === undefined || health === 'healthy' ? 'ready' : 'starting'
}

function terminal(io: Io): readonly string[] {
  return io.colours.out ? [] : ['--env', 'NO_COLOR=1']
}

/**
 * Docker passes no signal on to what it executes: its input, held open as long as this process lives, is what ends it.
 */
function follow(io: Io, args: readonly string[]): Promise<ExitStatus> {
  const child = spawn('docker', args, {
    stdio: ['pipe', 'inherit', 'inherit'],
    env: io.environment as NodeJS.ProcessEnv,
  })
  const stopListening = io.onInterrupt(() => child.stdin.end())
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) => {
      stopListening()
      resolve(status === 0 || status === 1 || status === 2 ? status : 3)
    })
  })
}
