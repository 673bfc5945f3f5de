/** The container lab of a test: one Compose project, strangers in its networks, and what they can reach. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import type { LabPlan, Zone } from '../../src/topology/plan-types.ts'

export const repository = join(import.meta.dirname, '..', '..')

export interface Ran {
  readonly status: number
  readonly out: string
  readonly err: string
}

/** Runs a program of this machine to its end; an exit status is a result. */
export function run(
  program: string,
  args: readonly string[],
  {
    input = '',
    environment = {},
  }: { readonly input?: string; readonly environment?: Readonly<Record<string, string>> } = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      args,
      { cwd: repository, env: { ...process.env, ...environment }, maxBuffer: 32 * 1024 * 1024 },
      (error, out, err) => {
        if (error !== null && typeof error.code !== 'number') reject(error)
        else resolve({ status: error === null ? 0 : Number(error.code), out, err })
      },
    )
    // Most programs end without having read it.
    child.stdin?.on('error', () => undefined).end(input)
  })
}

/** As run, for what must not fail. */
export async function must(
  program: string,
  args: readonly string[],
  options?: Parameters<typeof run>[2],
): Promise<string> {
  const { status, out, err } = await run(program, args, options)
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${err || out}`)
  return out
}

export interface Door {
  readonly address: string
  readonly port: number
}

/** Every address of the plan with every port that anything in it listens on: what a port scan would try. */
export function everyDoor(plan: LabPlan): readonly Door[] {
  const ports = new Set([
    ...plan.firewall.map(({ port }) => port),
    ...plan.nodes.flatMap(({ listeners }) => listeners.map(({ port }) => port)),
  ])
  const addresses = new Set(plan.nodes.flatMap(({ faces }) => faces.flatMap((face) => Object.values(face.addresses))))
  return [...addresses].flatMap((address) => [...ports].map((port) => ({ address, port })))
}

/** `10.41.2` for the perimeter. */
export function netOf(plan: LabPlan, zone: Zone): string {
  const address = plan.nodes.flatMap(({ faces }) => faces.flatMap((face) => face.addresses[zone] ?? []))[0] ?? ''
  return address.split('.').slice(0, 3).join('.')
}

/** Plain JavaScript for a container: prints which of the doors on its command line open within so many milliseconds. */
const prober = `
const net = require('node:net')
const [within, ...doors] = process.argv.slice(1)
const tries = doors.map((door) => new Promise((resolve) => {
  const [host, port] = door.split(':')
  const socket = net.connect({ host, port: Number(port), timeout: Number(within) })
  const end = (open) => { socket.destroy(); resolve(open ? [door] : []) }
  socket.once('connect', () => end(true)).once('timeout', () => end(false)).once('error', () => end(false))
}))
Promise.all(tries).then((found) => console.log(found.flat().join('\\n')))
`

/**
 * @param place how a container is entered or made: `['run', '--rm', '--network', 'lab_internet', 'siplab']`
 * @param withinMs more where each door should open: what is shut without an answer takes all of it
 */
export async function opened(
  place: readonly string[],
  doors: readonly Door[],
  withinMs = 1500,
): Promise<readonly string[]> {
  const out = await must('docker', [
    ...place,
    'node',
    '-e',
    prober,
    String(withinMs),
    ...doors.map(({ address, port }) => `${address}:${port}`),
  ])
  return out
    .split('\n')
    .filter((line) => line !== '')
    .sort()
}
