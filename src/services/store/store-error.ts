/** What can go wrong with a database, in words the verdicts know. */

export type StoreErrorCode =
  /** It cannot be reached, refused the connection, or went away. */
  | 'store.unreachable'
  /** It is there and says no: wrong account, a right missing on a table, a file that may not be opened. */
  | 'store.permission-denied'
  /** Another writer holds the lock, or more calls wait than may. */
  | 'store.busy'
  /** It takes no writes: a standby, or a server configured as read-only. */
  | 'store.read-only'
  /** Two servers behind one address take writes, and this one is the older. */
  | 'store.split'
  | 'store.too-many-connections'
  /** It took a statement and did not answer in time. */
  | 'store.slow'
  /** Its disk is full: it reads, and writes nothing. */
  | 'store.full'
  /** Its disk reported an error. */
  | 'store.io-error'
  /** The file is no database, or a page of it cannot be read. */
  | 'store.corrupt'
  /** Anything else it answered; the message says what. */
  | 'store.failed'

export class StoreError extends Error {
  readonly code: StoreErrorCode

  constructor(code: StoreErrorCode, message: string, cause: unknown = undefined) {
    super(message, { cause })
    this.name = 'StoreError'
    this.code = code
  }
}

/** True for the errors after which nothing is asked of the database until it answers a probe again. */
export function isOutage(error: StoreError): boolean {
  return error.code === 'store.unreachable' || error.code === 'store.too-many-connections'
}

/** True for what is over when a write succeeds: nothing else shows that a disk or a server takes writes again. */
export function endsWithAWrite({ code }: StoreError): boolean {
  return code === 'store.full' || code === 'store.io-error' || code === 'store.read-only'
}

/**
 * Puts a driver's error into our words.
 *
 * @param where the database as a person knows it, e.g. `postgresql://127.0.0.1:5432/siplab`, without a password
 */
export function storeErrorOf(cause: unknown, where: string): StoreError {
  if (cause instanceof StoreError) return cause
  const error = cause instanceof Error ? cause : new Error(String(cause))
  const code = codeOf(error)
  return new StoreError(code, `${where}: ${error.message || code} (${advice[code]})`, cause)
}

const advice: Readonly<Record<StoreErrorCode, string>> = {
  'store.unreachable': 'start the database or correct its address',
  'store.permission-denied': 'give the account its rights on the database',
  'store.split': 'stop the older server',
  'store.read-only': 'connect to the primary, or let the database take writes again',
  'store.busy': 'another writer holds it; try again',
  'store.too-many-connections': 'raise the limit of the database or lower `connections`',
  'store.slow': 'the database did not answer in time',
  'store.full': 'free some space on its disk',
  'store.io-error': 'check its disk',
  'store.corrupt': 'restore it, or start with a fresh one',
  'store.failed': 'see the message of the database',
}

function codeOf(error: Error): StoreErrorCode {
  const { code, errcode } = error as { code?: unknown; errcode?: unknown }
  if (typeof errcode === 'number') return sqliteCodes[errcode & 0xff] ?? 'store.failed'
  if (typeof code === 'string') return codeOfText(code)
  return codeOfMessage(error.message)
}

/** Primary result codes of SQLite: PERM, BUSY, LOCKED, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, AUTH, NOTADB. */
const sqliteCodes: Readonly<Record<number, StoreErrorCode>> = {
  3: 'store.permission-denied',
  5: 'store.busy',
  6: 'store.busy',
  8: 'store.permission-denied',
  10: 'store.io-error',
  11: 'store.corrupt',
  13: 'store.full',
  14: 'store.unreachable',
  23: 'store.permission-denied',
  26: 'store.corrupt',
}

/** SQLSTATE (PostgreSQL, appendix A) or an error name of the operating system. */
function codeOfText(code: string): StoreErrorCode {
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return 'store.permission-denied'
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === '53100') return 'store.full'
  if (code === 'EIO' || code === '58030') return 'store.io-error'
  // The server's certificate was refused.
  if (/^ERR_(TLS|SSL)|CERT|ISSUER|SIGNATURE/.test(code)) return 'store.unreachable'
  if (/^E[A-Z]/.test(code) && !code.startsWith('ERR_')) return 'store.unreachable'
  if (code === '42501' || code.startsWith('28')) return 'store.permission-denied'
  if (code === '25006') return 'store.read-only'
  if (code === '53300') return 'store.too-many-connections'
  if (code === 'XX001' || code === 'XX002') return 'store.corrupt'
  if (code === '57014') return 'store.slow'
  // 55000 at a connection: the database takes none at the moment.
  if (code === '3D000' || code === '55000' || code.startsWith('08') || code.startsWith('57P'))
    return 'store.unreachable'
  if (code === '55P03' || code.startsWith('40')) return 'store.busy'
  return 'store.failed'
}

/** pg gives some errors of its own no code. */
function codeOfMessage(message: string): StoreErrorCode {
  if (/Query read timeout/i.test(message)) return 'store.slow'
  if (
    /terminated|timeout exceeded when trying to connect|timeout expired|not queryable|connection error|does not support SSL/i.test(
      message,
    )
  )
    return 'store.unreachable'
  return 'store.failed'
}
