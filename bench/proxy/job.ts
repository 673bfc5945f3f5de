/** What the generator is told, and what it answers: JSON on its command line and its standard output. */
import type { CallResult } from './calls.ts'
import type { Transport } from './socket.ts'

export interface LoadJob {
  /** calls; registrations over open wires; connections, each with one REGISTER; idle: registered connections that are held. */
  readonly kind: 'calls' | 'registrations' | 'connections' | 'idle'
  readonly transport: Transport
  readonly host: string
  readonly port: number
  readonly domain: string
  readonly count: number
  /** A second; 0: as fast as it goes. */
  readonly rate: number
  readonly window: number
  /** Connections for each side. */
  readonly wires: number
  readonly tls: { readonly certificateFile: string; readonly keyFile: string; readonly caFile: string }
}

export type LoadResult = CallResult
