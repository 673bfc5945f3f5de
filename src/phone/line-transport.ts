/** What sip.js wants of a transport, answered by a phone's line. */
import { EmitterImpl, TransportState, type Core, type Transport } from 'sip.js'

/** The flow below: that of a phone of siplab, or the WebSocket of a browser. */
export interface TransportLine {
  user:
    | {
        /** A message as sip.js reads it. */
        onText(text: string): void
        /** The flow ended, and this end did not close it. */
        onLost(error: Error): void
      }
    | undefined
  readonly target: { readonly transport: string }
  /** Rejects with the reason why there is no flow. */
  connect(): Promise<void>
  /** @returns false where the flow is closed */
  send(message: string): boolean
  hangUp(): void
}

/** For `transportOptions`. */
export interface LineTransportOptions {
  readonly line: TransportLine
}

/** For `transportConstructor`. The states and their order are those that sip.js prescribes in its `Transport`. */
export class LineTransport implements Transport {
  onConnect: (() => void) | undefined
  onDisconnect: ((error?: Error) => void) | undefined
  onMessage: ((message: string) => void) | undefined
  readonly #line: TransportLine
  readonly #states = new EmitterImpl<TransportState>()
  #state = TransportState.Disconnected

  constructor(_logger: Core.Logger, { line }: LineTransportOptions) {
    this.#line = line
    line.user = {
      onText: (text) => this.onMessage?.(text),
      onLost: (error) => {
        if (this.#state !== TransportState.Connected) return
        this.#become(TransportState.Disconnected)
        this.onDisconnect?.(error)
      },
    }
  }

  get state(): TransportState {
    return this.#state
  }

  get stateChange(): EmitterImpl<TransportState> {
    return this.#states
  }

  /** The protocol of the Via (RFC 3261 §20.42). */
  get protocol(): string {
    return this.#line.target.transport.toUpperCase()
  }

  isConnected(): boolean {
    return this.#state === TransportState.Connected
  }

  async connect(): Promise<void> {
    if (this.isConnected()) return
    this.#become(TransportState.Connecting)
    try {
      await this.#line.connect()
    } catch (error) {
      this.#become(TransportState.Disconnected)
      throw error
    }
    this.#become(TransportState.Connected)
    this.onConnect?.()
  }

  disconnect(): Promise<void> {
    if (this.isConnected()) {
      this.#become(TransportState.Disconnecting)
      this.#line.hangUp()
      this.#become(TransportState.Disconnected)
      this.onDisconnect?.()
    }
    return Promise.resolve()
  }

  dispose(): Promise<void> {
    return this.disconnect()
  }

  send(message: string): Promise<void> {
    if (this.isConnected() && this.#line.send(message)) return Promise.resolve()
    return Promise.reject(new Error('the flow is closed'))
  }

  #become(state: TransportState): void {
    if (this.#state === state) return
    this.#state = state
    this.#states.emit(state)
  }
}
