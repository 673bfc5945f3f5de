/**
 * Who may speak to the console: the browser that opened the printed address, and no page but ours in it. A token opens
 * one session and is then spent; the session is a cookie that no script reads and no other site sends.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** What is looked at of a request, header names in lower case. */
export interface Asking {
  readonly method: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

export interface Refused {
  readonly status: 401 | 403 | 421
  readonly code: string
  readonly message: string
}

/** Browsers of one person; a page opened later ends the oldest. */
const mostSessions = 16

export class Admission {
  readonly #cookie: string
  readonly #hosts: ReadonlySet<string>
  readonly #sessions: Buffer[] = []
  #token: Buffer | undefined

  /** @param port where the console listens: cookies are not kept apart by port, so its name holds it */
  constructor(port: number) {
    this.#cookie = `siplab-console-${port}`
    this.#hosts = new Set([`127.0.0.1:${port}`, `localhost:${port}`])
  }

  /** A token for one session; an earlier one that was not used is no longer good. */
  newToken(): string {
    const token = randomBytes(24).toString('base64url')
    this.#token = digest(token)
    return token
  }

  /** @returns the `Set-Cookie` value of the new session; undefined for a token that was never given or is spent */
  spend(token: string): string | undefined {
    if (this.#token === undefined || !timingSafeEqual(digest(token), this.#token)) return undefined
    this.#token = undefined
    const session = randomBytes(24).toString('base64url')
    this.#sessions.push(digest(session))
    if (this.#sessions.length > mostSessions) this.#sessions.shift()
    return `${this.#cookie}=${session}; HttpOnly; SameSite=Strict; Path=/`
  }

  /** A name that leads here by a trick of the DNS is not ours (DNS rebinding). */
  refuseHost({ headers }: Asking): Refused | undefined {
    const { host } = headers
    if (typeof host === 'string' && this.#hosts.has(host)) return undefined
    return {
      status: 421,
      code: 'console.host',
      message: `wanted the Host ${[...this.#hosts].join(' or ')}, found ${JSON.stringify(host ?? '')}`,
    }
  }

  refuseStranger({ headers }: Asking): Refused | undefined {
    const session = cookieOf(headers['cookie'], this.#cookie)
    if (session !== undefined) {
      const found = digest(session)
      if (this.#sessions.some((known) => timingSafeEqual(known, found))) return undefined
    }
    return {
      status: 401,
      code: 'console.session',
      message: 'wanted the cookie of an open session; open the address that siplab console printed',
    }
  }

  /** Of changes and streams. A browser sends no Origin with a GET of its own page, but says that it is of the page. */
  refuseOtherPage({ method, headers }: Asking): Refused | undefined {
    const { origin } = headers
    if (typeof origin === 'string' && [...this.#hosts].some((host) => origin === `http://${host}`)) return undefined
    if (origin === undefined && method === 'GET' && headers['sec-fetch-site'] === 'same-origin') return undefined
    return {
      status: 403,
      code: 'console.origin',
      message: `wanted a request of the console's own page, found the Origin ${JSON.stringify(origin ?? '')}`,
    }
  }
}

function cookieOf(header: Asking['headers'][string], name: string): string | undefined {
  if (typeof header !== 'string') return undefined
  for (const pair of header.split(';')) {
    const [key, value] = pair.split('=', 2)
    if (key?.trim() === name) return value?.trim()
  }
  return undefined
}

/** Equally long whatever came in. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
