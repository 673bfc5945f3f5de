/** TLS secrets as browsers and libraries log them (the SSLKEYLOGFILE format, RFC 9850). */

const labels = [
  'CLIENT_RANDOM',
  'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
  'SERVER_HANDSHAKE_TRAFFIC_SECRET',
  'CLIENT_TRAFFIC_SECRET_0',
  'SERVER_TRAFFIC_SECRET_0',
] as const

export type SecretLabel = (typeof labels)[number]

export type Secrets = Partial<Readonly<Record<SecretLabel, Buffer>>>

const line = /^([A-Z0-9_]+) ([0-9a-f]{64}) ([0-9a-f]{64,128})$/i
/** A handshake needs five lines at most; a longer file is not of the minutes of one capture. */
const maxHandshakes = 50_000

export class KeyLog {
  readonly #byRandom = new Map<string, Secrets>()

  get handshakes(): number {
    return this.#byRandom.size
  }

  /** Adds the lines of a log; other lines and comments are passed over. */
  add(text: string): void {
    for (const [each] of text.matchAll(/[^\r\n]+/g)) this.#addLine(each.trim())
  }

  /** @param clientRandom hex, lower case */
  find(clientRandom: string): Secrets | undefined {
    return this.#byRandom.get(clientRandom)
  }

  #addLine(text: string): void {
    const [, label, random, secret] = line.exec(text) ?? []
    const known = labels.find((each) => each === label?.toUpperCase())
    if (known === undefined || random === undefined || secret === undefined || secret.length % 2 !== 0) return
    const key = random.toLowerCase()
    const before = this.#byRandom.get(key)
    if (before === undefined && this.#byRandom.size >= maxHandshakes) return
    this.#byRandom.set(key, { ...before, [known]: Buffer.from(secret, 'hex') })
  }
}
