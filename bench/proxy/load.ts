/** Runs the load generator, a process of its own, against a subject. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { owned } from './children.ts'
import type { BenchCertificates } from './certificates.ts'
import type { LoadJob, LoadResult } from './job.ts'
import type { Transport } from './socket.ts'
import type { Subject } from './subjects.ts'

export interface Load {
  readonly job: LoadJob['kind']
  readonly transport: Transport
  readonly count: number
  readonly rate: number
  readonly users: number
  /** In flight; 100 unless given. */
  readonly window?: number
  /** Connections for each side; 8 unless given. */
  readonly wires?: number
  /** Contacts of each user in `registrations`; 1 unless given. */
  readonly contacts?: number
  readonly overload?: boolean
}

/**
 * @param onHeld called when connections and users are set up, before the calls begin (with idle connections and users:
 * when all are there)
 * @throws Error when anything failed: a benchmark of failed calls says nothing
 */
export function runLoad(load: Load, subject: Subject, tls: BenchCertificates, onHeld: () => void): Promise<LoadResult> {
  const { job: kind, overload = false, count, rate, users, window = 100, wires = 8, contacts = 1 } = load
  const { callers, callees, phoneRoots, callersSignIn = false } = subject
  const job: LoadJob = {
    kind,
    transport: load.transport,
    count,
    rate,
    users,
    overload,
    callers,
    callees,
    knownUsers: phoneRoots !== undefined,
    callersSignIn,
    window: kind === 'connections' ? 4 : window,
    wires,
    contacts,
    tls: phoneRoots === undefined ? tls : { caFile: phoneRoots },
  }
  const generator = owned(
    spawn(process.execPath, [fileURLToPath(new URL('generator.ts', import.meta.url)), JSON.stringify(job)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  )
  return new Promise((resolve, reject) => {
    let text = ''
    generator.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      if (!text.startsWith('held\n')) return
      text = text.slice(5)
      onHeld()
      generator.stdin.end('go\n')
    })
    // `close`, not `exit`: then all that it wrote has been read.
    generator.once('close', (status) => {
      if (status !== 0)
        return reject(
          new LoadFailure(subject.name, `${kind} against ${subject.name}: the generator ended with ${status}`),
        )
      const result = JSON.parse(text) as LoadResult
      if (result.failed > 0)
        return reject(
          new LoadFailure(
            subject.name,
            `${kind} against ${subject.name}: ${result.failed} of ${load.count} failed, first: ${result.firstFailure}`,
          ),
        )
      resolve(result)
    })
  })
}

/** Calls, registrations or connections that failed, and whose fault that is to be looked for first. */
export class LoadFailure extends Error {
  readonly subject: string

  constructor(subject: string, message: string) {
    super(message)
    this.name = 'LoadFailure'
    this.subject = subject
  }
}
