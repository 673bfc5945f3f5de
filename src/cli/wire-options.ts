/** `siplab up --keep` and `--key-log`: what the nodes keep of the wire. They get both by their environment. */
import { closeSync, constants, fchmodSync, fstatSync, openSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { UsageError } from './usage-error.ts'
import type { Io } from './io.ts'

export interface WireOptions {
  readonly keep?: string
  readonly keyLog?: string
  /** HOST:PORT of a collector. */
  readonly hep?: string
}

const mostKept = 20_000
const keepVariable = 'SIPLAB_KEEP'

export function wireOptions(command: Command): Command {
  return command
    .option('--keep <N>', 'let each node keep N messages for siplab trace --since; 0 keeps none (default: 2000)')
    .option(
      '--key-log <FILE>',
      'write the TLS secrets of every node to FILE, for Wireshark; anyone who reads FILE can read all traffic',
    )
    .option('--hep <HOST:PORT>', 'send every message and handshake to a collector such as Homer (HEP version 3, udp)')
}

/**
 * The environment of the nodes. Makes the key log, readable by its owner only, and warns of it.
 *
 * @throws UsageError
 */
export function wireEnvironment(io: Io, { keep, keyLog }: WireOptions): Io['environment'] {
  const kept = keep === undefined ? {} : { [keepVariable]: String(readKeep('--keep', keep)) }
  if (keyLog === undefined) return { ...io.environment, ...kept }
  const file = resolve(io.workingFolder, keyLog)
  makeKeyLog(file)
  io.err(
    `warning: every node writes its TLS secrets to ${file}; anyone who has this file reads every connection of this ` +
      'lab. Delete it after use.\n',
  )
  const others = io.environment['NODE_OPTIONS'] ?? ''
  const own = `--tls-keylog=${quoted(file)}`
  return { ...io.environment, ...kept, NODE_OPTIONS: others === '' ? own : `${others} ${own}` }
}

/** Undefined where nothing was said: the default of a node counts. */
export function readKept({ environment }: Pick<Io, 'environment'>): number | undefined {
  const text = environment[keepVariable]
  return text === undefined ? undefined : readKeep(keepVariable, text)
}

function readKeep(option: string, text: string): number {
  const number = Number(text)
  if (/^\d{1,5}$/.test(text) && number <= mostKept) return number
  throw new UsageError(`${option}: wanted a number from 0 to ${mostKept}, found ${JSON.stringify(text)}`)
}

/** A file that is there goes on; what others could read before they cannot read from now on. */
function makeKeyLog(file: string): void {
  try {
    const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW
    const descriptor = openSync(file, flags | constants.O_NONBLOCK, 0o600)
    try {
      if (!fstatSync(descriptor).isFile())
        throw new UsageError(`--key-log: wanted a plain file, found another at ${file}`)
      fchmodSync(descriptor, 0o600)
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    if (error instanceof UsageError || !(error instanceof Error) || !('code' in error)) throw error
    throw new UsageError(`--key-log: wanted a file that can be written, found ${file} (${String(error.code)})`)
  }
}

/** As Node reads its NODE_OPTIONS. */
function quoted(path: string): string {
  return `"${path.replace(/[\\"]/g, '\\$&')}"`
}
