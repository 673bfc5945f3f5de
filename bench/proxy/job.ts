/** The jobs of the generator and its results: JSON on its command line and its standard output. */
import type { CallResult } from './calls.ts'
import type { Transport } from './socket.ts'

/** Where phones connect, the name its certificate must carry, and the domain of its users. */
export interface Place {
  readonly host: string
  readonly port: number
  readonly verifyName: string
  readonly domain: string
}

export interface LoadJob {
  /**
   * calls; registrations over open wires; connections, each with one REGISTER; idle: registered connections that are
   * held; users: registrations of `count` users over few connections that are held.
   */
  readonly kind: 'calls' | 'registrations' | 'connections' | 'idle' | 'users'
  readonly transport: Transport
  /** Where the calls enter. */
  readonly callers: Place
  /** Where the callees register and answer. */
  readonly callees: Place
  /**
   * The users are `callee0`, `callee1` and so on, with passwords such as `callee0-bench`; else each run has users of
   * its own.
   */
  readonly knownUsers: boolean
  /** The callers are users too, `caller0` and so on, one on each connection, and sign in before they call. */
  readonly callersSignIn: boolean
  readonly count: number
  /** A second; 0: as fast as it goes. */
  readonly rate: number
  readonly window: number
  /** Connections for each side. */
  readonly wires: number
  /** Each user registers from so many connections, with a Contact of its own on each; at most `wires`. */
  readonly contacts: number
  /** Users who are registered, over the callees' connections, before the calls begin; each call goes to another one. */
  readonly users: number
  /** Answers 503 are counted apart, as calls turned away, and not as failed ones. */
  readonly overload: boolean
  /** Without a certificate the phones show none. */
  readonly tls: { readonly certificateFile?: string; readonly keyFile?: string; readonly caFile: string }
}

export type LoadResult = CallResult
