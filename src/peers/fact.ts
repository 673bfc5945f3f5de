/** How the files of peers write their facts: `read('required', 'T1')`, `reported('yes', 'U1')`, `unknown()`. */
import type { Fact, FactName, Period } from './policy.ts'

/** Found in the own text of the vendor, CA, root programme or project. */
export function read<const T>(value: T, ...source: readonly string[]): Fact<T> {
  return { value, mark: 'V', source }
}

/** Found in a good secondary source. */
export function reported<const T>(value: T, ...source: readonly string[]): Fact<T> {
  return { value, mark: 'G', source }
}

/** No source says so outright. */
export function inferred<const T>(value: T, ...source: readonly string[]): Fact<T> {
  return { value, mark: 'I', source }
}

const notFound: Fact<never> = { value: 'unknown', mark: '?', source: [] }

/** Looked for and not found. */
export function unknown(): Fact<never> {
  return notFound
}

export function noted<T>(fact: Fact<T>, note: string): Fact<T> {
  return { ...fact, note }
}

const everyUnknown: Pick<Period, FactName> = {
  verifiesServer: notFound,
  serverAuth: notFound,
  clientCertificate: notFound,
  clientAuth: notFound,
  issuers: notFound,
  privateCa: notFound,
  commonName: notFound,
  wildcard: notFound,
  checksName: notFound,
  refusedSuffixes: notFound,
  registeredDomain: notFound,
  keyTypes: notFound,
  otherKeys: notFound,
  tlsMin: notFound,
  tlsMax: notFound,
  suites: notFound,
  groups: notFound,
  showsClientCertificate: notFound,
  shows: notFound,
  showsRoots: notFound,
}

/** A period: what is not named is unknown. */
export function period(known: Pick<Period, 'id'> & Partial<Period>): Period {
  return { ...everyUnknown, ...known }
}
