/**
 * From whatever a command threw to an exit status and one sentence: 1 it is not so, 2 wrong usage or configuration, 3
 * siplab failed.
 */
import { CommanderError } from 'commander'
import { AuthorityError } from '../certificates/authority-error.ts'
import { KeyFileError } from '../certificates/keys.ts'
import { AssignmentError } from '../certificates/node-certificates.ts'
import { LabError } from '../lab/lab-error.ts'
import { ControlRefusal } from '../node/control/control-server.ts'
import { StoreError } from '../services/store/store-error.ts'
import { ConfigError } from '../topology/config-error.ts'
import { machineLimit } from '../verdicts/machine-limit.ts'
import { UsageError } from './usage-error.ts'
import { paint } from './io.ts'
import type { Io } from './io.ts'

export type ExitStatus = 0 | 1 | 2 | 3

/**
 * Shows the failure on stderr and gives the exit status. With `json` the same goes to stdout as one document
 * `{"error":{…}}`.
 */
export function reportFailure(error: unknown, io: Io, json: boolean): ExitStatus {
  if (error instanceof CommanderError) return reportCommander(error, io, json)
  const known = describeKnown(error)
  if (known === undefined) return reportUnexpected(error, io, json)
  io.err(`${paint(io.colours.err, 'red', 'siplab:')} ${known.message}\n`)
  if (json) io.out(`${JSON.stringify({ error: known.document })}\n`)
  if (debugging(io) && error instanceof Error) io.err(`${error.stack}\n`)
  return known.status
}

interface Known {
  readonly status: ExitStatus
  readonly message: string
  readonly document: Readonly<Record<string, unknown>>
}

function describeKnown(error: unknown): Known | undefined {
  if (error instanceof ConfigError) {
    const { code, message, file, line, column, field, wanted, found } = error
    return { status: 2, message, document: { code, message, file, line, column, field, wanted, found } }
  }
  if (error instanceof UsageError)
    return { status: 2, message: error.message, document: { code: error.code, message: error.message } }
  if (error instanceof LabError) {
    const { code, message, detail } = error
    return {
      status: error.kind === 'usage' ? 2 : 1,
      message,
      document: { code, message, ...(detail === undefined ? {} : { detail }) },
    }
  }
  if (error instanceof ControlRefusal) {
    const { code, message, verdict } = error
    return {
      status: 1,
      message,
      document: { code, message, ...(verdict === undefined ? {} : { detail: { verdict } }) },
    }
  }
  if (error instanceof StoreError)
    return { status: 1, message: error.message, document: { code: error.code, message: error.message } }
  if (error instanceof AuthorityError || error instanceof AssignmentError || error instanceof KeyFileError) {
    return { status: 2, message: error.message, document: { code: error.code, message: error.message } }
  }
  const limit = machineLimit(error)
  return limit === undefined ? undefined : { status: 2, message: limit.message, document: { ...limit } }
}

/** Commander has already written its sentence; `--help` and `--version` come by here too, with status 0. */
function reportCommander(error: CommanderError, io: Io, json: boolean): ExitStatus {
  if (error.exitCode === 0) return 0
  const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ')
  if (json) io.out(`${JSON.stringify({ error: { code: 'usage', message } })}\n`)
  return 2
}

function reportUnexpected(error: unknown, io: Io, json: boolean): ExitStatus {
  const message = error instanceof Error ? error.message : String(error)
  io.err(`${paint(io.colours.err, 'red', 'siplab failed:')} ${message}\n`)
  if (debugging(io) && error instanceof Error) {
    io.err(`${error.stack}\n`)
    if (typeof error.cause === 'string') io.err(`In the node: ${error.cause}\n`)
  } else io.err('This is a fault of siplab itself; run the command again with SIPLAB_DEBUG=1 to see where.\n')
  if (json) io.out(`${JSON.stringify({ error: { code: 'internal', message } })}\n`)
  return 3
}

function debugging(io: Io): boolean {
  return (io.environment['SIPLAB_DEBUG'] ?? '') !== ''
}
