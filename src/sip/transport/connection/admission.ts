/** Counts accepted connections, in all and per source, and sees each one's end. */
import type { Socket } from 'node:net'
import type { SocketAddress } from '../flow.ts'
import { sourceOf } from '../source.ts'

const ticket = Symbol('admission')

interface CountedSocket extends Socket {
  [ticket]?: { readonly admission: Admission; readonly source: string | undefined }
}

export class Admission {
  readonly #sockets = new Set<Socket>()
  readonly #perSource = new Map<string, number>()
  readonly #limits: { readonly connections: number; readonly connectionsPerSource: number }
  #accepted = 0
  #onEmpty: (() => void) | undefined

  constructor(limits: { readonly connections: number; readonly connectionsPerSource: number }) {
    this.#limits = limits
  }

  /** False: one too many; the caller destroys it. */
  admit(socket: Socket, remote: SocketAddress): boolean {
    const source = sourceOf(remote.address)
    const fromSource = this.#perSource.get(source) ?? 0
    if (this.#accepted >= this.#limits.connections || fromSource >= this.#limits.connectionsPerSource) return false
    this.#perSource.set(source, fromSource + 1)
    this.#accepted += 1
    this.#hold(socket, source)
    return true
  }

  /** Only sees its end: dialled connections are bounded elsewhere. */
  watch(socket: Socket): void {
    this.#hold(socket, undefined)
  }

  /** Resolves when every socket is gone; those left after `graceMs` are destroyed. */
  async drain(graceMs: number): Promise<void> {
    if (this.#sockets.size === 0) return
    const timer = setTimeout(() => this.#destroyAll(), graceMs)
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve
    })
    clearTimeout(timer)
  }

  release(socket: Socket, source: string | undefined): void {
    if (!this.#sockets.delete(socket)) return
    if (source !== undefined) this.#releaseSource(source)
    if (this.#sockets.size === 0) this.#onEmpty?.()
  }

  #hold(socket: Socket, source: string | undefined): void {
    const counted: CountedSocket = socket
    counted[ticket] = { admission: this, source }
    this.#sockets.add(socket)
    socket.on('close', onClose)
  }

  #releaseSource(source: string): void {
    this.#accepted -= 1
    const left = (this.#perSource.get(source) ?? 1) - 1
    if (left > 0) this.#perSource.set(source, left)
    else this.#perSource.delete(source)
  }

  #destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy()
  }
}

function onClose(this: CountedSocket): void {
  const held = this[ticket]
  held?.admission.release(this, held.source)
}
