/**
 * The container lab as the Docker command line shows it. Both Compose v2 and docker-compose 1.29 label what they make
 * with `com.docker.compose.project` and `.service`, so plain `docker` finds the containers of either.
 */
import { execFile } from 'node:child_process'
import { LabError } from './lab-error.ts'

export interface DockerOutcome {
  readonly status: number
  readonly out: string
  readonly err: string
}

export type Environment = Readonly<Record<string, string | undefined>>

const label = 'com.docker.compose'
const maxOutputBytes = 16 * 1024 * 1024

/**
 * Runs one program and waits for it, `withinMs` at most (0: for ever); an exit status is an outcome. @throws LabError
 * `compose.no-docker` when it is not installed
 */
export function runProgram(
  environment: Environment,
  program: string,
  args: readonly string[],
  withinMs = 0,
): Promise<DockerOutcome> {
  return new Promise((resolve, reject) => {
    execFile(
      program,
      args,
      { env: environment as NodeJS.ProcessEnv, maxBuffer: maxOutputBytes, timeout: withinMs },
      (error, out, err) => {
        if (error !== null && typeof error.code !== 'number' && error.killed !== true)
          reject(
            new LabError(
              'not-so',
              'compose.no-docker',
              `${program} cannot be run (${error.message}); install Docker, or leave --lab compose out`,
              { cause: error },
            ),
          )
        else resolve({ status: error === null ? 0 : Number(error.code ?? 1), out, err })
      },
    )
  })
}

/** As runProgram for `docker`. @throws LabError `compose.docker` with what Docker said when the status is not 0 */
export async function docker(environment: Environment, ...args: readonly string[]): Promise<string> {
  const { status, out, err } = await runProgram(environment, 'docker', args)
  if (status !== 0)
    throw new LabError(
      'not-so',
      'compose.docker',
      `docker ${args.slice(0, 2).join(' ')}: ${err.trim() || `status ${status}`}`,
    )
  return out.trim()
}

export interface ContainerState {
  readonly id: string
  readonly service: string
  /** `created`, `running`, `exited`, … */
  readonly status: string
  /** Of the healthcheck; absent without one. */
  readonly health?: string
  readonly exitCode: number
}

export interface ComposeProject {
  /** Name of the Compose project. */
  readonly name: string
  readonly environment: Environment
  /** Id of the container in which `siplab supervise` runs. */
  readonly lab: string
}

/**
 * The running container lab: that of COMPOSE_PROJECT_NAME, or the only one.
 *
 * @throws LabError `lab.none`, or `usage` when several run
 */
export async function findProject(environment: Environment): Promise<ComposeProject> {
  const wanted = environment['COMPOSE_PROJECT_NAME']
  const filters = [
    '--filter',
    `label=${label}.service=lab`,
    ...(wanted === undefined ? [] : ['--filter', `label=${label}.project=${wanted}`]),
  ]
  const lines = (
    await docker(
      environment,
      'ps',
      ...filters,
      '--format',
      `{{.ID}} {{.Label "${label}.project"}} {{.Label "${label}.oneoff"}}`,
    )
  ).split('\n')
  const found = lines
    .map((line) => line.split(' '))
    .filter(([id = '', , oneOff = '']) => id !== '' && oneOff.toLowerCase() !== 'true')
  const [[lab, name] = []] = found
  if (lab === undefined || name === undefined)
    throw new LabError(
      'not-so',
      'lab.none',
      `no container lab runs${wanted === undefined ? '' : ` as ${wanted}`}; docker compose up --detach brings it up`,
    )
  if (found.length > 1)
    throw new LabError(
      'usage',
      'lab.several',
      `several container labs run (${found.map(([, project]) => project).join(', ')}); choose one with ` +
        'COMPOSE_PROJECT_NAME',
    )
  return { name, environment, lab }
}

/** Every container of the project, running or not, by service. */
export async function containers({
  name,
  environment,
}: Pick<ComposeProject, 'name' | 'environment'>): Promise<ReadonlyMap<string, ContainerState>> {
  const ids = (await docker(environment, 'ps', '--all', '--quiet', '--filter', `label=${label}.project=${name}`))
    .split('\n')
    .filter((id) => id !== '')
  if (ids.length === 0) return new Map()
  const found = JSON.parse(await docker(environment, 'inspect', ...ids)) as readonly Inspected[]
  const own = found.filter(({ Config }) => Config.Labels[`${label}.oneoff`]?.toLowerCase() !== 'true')
  return new Map(
    own.map(({ Id, Config, State }) => {
      const service = Config.Labels[`${label}.service`] ?? ''
      return [
        service,
        {
          id: Id,
          service,
          status: State.Status,
          ...(State.Health === undefined ? {} : { health: State.Health.Status }),
          exitCode: State.ExitCode,
        },
      ]
    }),
  )
}

/** The part of `docker inspect` that is read. */
interface Inspected {
  readonly Id: string
  readonly Config: { readonly Labels: Readonly<Record<string, string | undefined>> }
  readonly State: { readonly Status: string; readonly Health?: { readonly Status: string }; readonly ExitCode: number }
}

/** @throws LabError `node.none` */
export async function containerOf(
  project: Pick<ComposeProject, 'name' | 'environment'>,
  service: string,
): Promise<ContainerState> {
  const found = (await containers(project)).get(service)
  if (found === undefined)
    throw new LabError('usage', 'node.none', `the container lab ${project.name} has no container ${service}`)
  return found
}

const goneWithinMs = 30_000

/** Starts a stopped container; one that is just going is waited for first. */
export async function startContainer(project: ComposeProject, service: string): Promise<void> {
  const { id, status } = await containerOf(project, service)
  if (status === 'running') await runProgram(project.environment, 'docker', ['wait', id], goneWithinMs)
  await docker(project.environment, 'start', id)
}

export async function stopContainer(project: ComposeProject, service: string): Promise<void> {
  await docker(project.environment, 'stop', (await containerOf(project, service)).id)
}

export async function killContainer(project: ComposeProject, service: string): Promise<void> {
  await docker(project.environment, 'kill', (await containerOf(project, service)).id)
}

export interface Attached {
  readonly network: string
  readonly address: string
  readonly aliases: readonly string[]
}

/** The networks of a container with its address and names in each, as `docker network connect` wants them back. */
export async function attachedNetworks(project: ComposeProject, service: string): Promise<readonly Attached[]> {
  const { id } = await containerOf(project, service)
  const text = await docker(project.environment, 'inspect', '--format', '{{json .NetworkSettings.Networks}}', id)
  const networks = JSON.parse(text) as Readonly<
    Record<
      string,
      {
        readonly IPAMConfig?: { readonly IPv4Address?: string } | null
        readonly IPAddress: string
        readonly Aliases?: readonly string[] | null
      }
    >
  >
  return Object.entries(networks).map(([network, { IPAMConfig, IPAddress, Aliases }]) => ({
    network,
    address: IPAMConfig?.IPv4Address ?? IPAddress,
    aliases: (Aliases ?? []).filter((alias) => !id.startsWith(alias)),
  }))
}

export async function disconnect(project: ComposeProject, service: string, network: string): Promise<void> {
  await docker(project.environment, 'network', 'disconnect', network, (await containerOf(project, service)).id)
}

export async function connect(
  project: ComposeProject,
  service: string,
  { network, address, aliases }: Attached,
): Promise<void> {
  const { id } = await containerOf(project, service)
  await docker(
    project.environment,
    'network',
    'connect',
    '--ip',
    address,
    ...aliases.flatMap((alias) => ['--alias', alias]),
    network,
    id,
  )
}
