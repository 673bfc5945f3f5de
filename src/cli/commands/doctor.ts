/** `siplab doctor`: what this machine has and lacks for a lab. Exit status 1 when no lab comes up here. */
import { existsSync, readFileSync } from 'node:fs'
import type { Topology } from '../../topology/topology.ts'
import { answer, common } from '../command.ts'
import type { CommonOptions, RegisterCommand } from '../command.ts'
import { platformOf } from '../doctor/finding.ts'
import type { Finding, Platform } from '../doctor/finding.ts'
import {
  filesFinding,
  folderFinding,
  loopbackFinding,
  lowPortsFinding,
  memoryFinding,
  networkFinding,
  nodeFinding,
  platformFinding,
} from '../doctor/machine.ts'
import { programFindings } from '../doctor/programs.ts'
import { paint } from '../io.ts'
import type { Io, Style } from '../io.ts'
import { chooseTopology } from '../topology-options.ts'

export const doctorCommand: RegisterCommand = (program, { io, finish }) => {
  common(
    program
      .command('doctor [TOPOLOGY]')
      .summary('show what this machine lacks for a lab')
      .description(
        'Checks what a lab needs of this machine: Node.js, addresses, ports, limits, and other programs with ' +
          'the feature that needs each.\nExit status 0 when a lab can come up here.',
      ),
    'siplab doctor',
  ).action(async (name: string | undefined, options: CommonOptions) => {
    const { topology } = chooseTopology(io, name)
    const platform = platformOf(process.platform, readIfThere('/proc/version') ?? '')
    const findings = await findingsOf(io, platform, topology)
    const ready = findings.every(({ state }) => state !== 'failed')
    answer(
      io,
      options,
      { ready, platform, findings },
      () =>
        `${findings.map((each) => text(io, each)).join('')}${
          ready
            ? `${topology.name} can come up here: siplab up ${topology.name}`
            : `${topology.name} cannot come up here`
        }\n`,
    )
    if (!ready) finish(1)
  })
}

async function findingsOf(io: Io, platform: Platform, topology: Topology): Promise<readonly Finding[]> {
  const loopback = await loopbackFinding(platform, topology)
  return [
    platformFinding(platform),
    nodeFinding(process.versions.node),
    folderFinding(io.workingFolder),
    loopback,
    // Without its addresses every network would be called taken.
    ...(loopback.state === 'ok' ? [await networkFinding(topology), await lowPortsFinding(platform, topology)] : []),
    filesFinding(readIfThere('/proc/self/limits')),
    memoryFinding(topology),
    ...programFindings(platform, io.environment['PATH'] ?? ''),
  ]
}

const marks: Readonly<Record<Finding['state'], readonly [Style, string]>> = {
  ok: ['green', 'ok     '],
  note: ['yellow', 'note   '],
  missing: ['yellow', 'missing'],
  failed: ['red', 'FAILED '],
}

function text(io: Io, { about, state, found, concerns, fix }: Finding): string {
  const [colour, mark] = marks[state]
  const head = `${paint(io.colours.out, colour, mark)} ${about}: ${found}\n`
  const detail = state === 'ok' ? '' : `        why: ${concerns}\n`
  return `${head}${detail}${fix === undefined ? '' : `        to do: ${fix}\n`}`
}

function readIfThere(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}
