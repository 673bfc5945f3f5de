/**
 * A node of the container lab cut off from every network, and back: what no node can do to itself. Its networks are
 * kept in the volume of the service `lab`, because Docker forgets it.
 */
import { attachedNetworks, connect, disconnect, docker, runProgram } from './docker.ts'
import type { Attached, ComposeProject } from './docker.ts'
import { LabError } from '../lab-error.ts'

export const cutOffFault = 'cut-off'

/** @returns the networks it was in, e.g. `main_internal` */
export async function cutOff(project: ComposeProject, node: string): Promise<readonly string[]> {
  if ((await placesOf(project, node)) !== undefined)
    throw new LabError(
      'not-so',
      'fault.on',
      `${node} is cut off already; siplab heal ${node} --lab compose brings it back`,
    )
  const places = await attachedNetworks(project, node)
  await docker(
    project.environment,
    'exec',
    project.lab,
    'sh',
    '-c',
    'printf %s "$1" > "$2"',
    'sh',
    JSON.stringify(places),
    fileOf(node),
  )
  for (const { network } of places) await disconnect(project, node, network)
  return places.map(({ network }) => network)
}

/** @returns undefined when it was not cut off */
export async function reconnect(project: ComposeProject, node: string): Promise<readonly string[] | undefined> {
  const places = await placesOf(project, node)
  if (places === undefined) return undefined
  for (const place of places) await connect(project, node, place)
  await docker(project.environment, 'exec', project.lab, 'rm', fileOf(node))
  return places.map(({ network }) => network)
}

async function placesOf(project: ComposeProject, node: string): Promise<readonly Attached[] | undefined> {
  const { status, out } = await runProgram(project.environment, 'docker', ['exec', project.lab, 'cat', fileOf(node)])
  return status === 0 ? (JSON.parse(out) as readonly Attached[]) : undefined
}

function fileOf(node: string): string {
  return `/data/cut-off-${node}.json`
}
