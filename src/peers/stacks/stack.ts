/**
 * What is known of the configuration of a stack: where it keeps what a remedy changes, and the settings that close a
 * fault which it does not notice. The one place for the names of parameters.
 *
 * A parameter is written as its configuration has it, the value in braces: `crl {= FILE} in tls.cfg`. A remedy names
 * the parameter (`crl in tls.cfg`), a setting has the value too (`crl = FILE in tls.cfg`).
 */

/** What a setting is about. */
export type Topic =
  | 'chain'
  | 'demand'
  | 'server-name'
  | 'client-name'
  | 'revocation'
  | 'purpose'
  | 'strength'
  | 'version'

/** A setting that closes what it is about. */
interface Closing {
  /** `{trust}` stands for that parameter of `keeps`. Absent: for revocation and version the parameter of `keeps`. */
  readonly set?: string
  /** Address of the documentation in which it was found. Absent: that of the stack. `no`: it was not looked up. */
  readonly at?: string
  /** The program with which scripts/survey-settings.ts showed it: without it a fault is accepted, with it refused. */
  readonly tested?: string
}

/** Parameters for what a remedy changes. */
interface Keeps {
  readonly trust: string
  readonly certificate: string
  readonly key: string
  readonly crl: string
  readonly versions: string
}

export interface Stack {
  /** `kamailio`. */
  readonly name: string
  /** `Kamailio`. */
  readonly title: string
  /** In the Server or User-Agent of its SIP answers. Absent: it has none, or none of its own. */
  readonly says?: RegExp
  /** Words of its logs, in the canonical form of `explain`. Absent: they tell nothing that others do not print too. */
  readonly logs?: RegExp
  readonly keeps?: Keeps
  /** Makes it read changed files. */
  readonly reload?: string
  /** Where its settings are documented. */
  readonly documented: string
  /** Address of the documentation that was read. Absent: each closing has its own, or none was looked up. */
  readonly read?: string
  /** A topic that is left out: no setting was found in the documentation. */
  readonly closes: Partial<Readonly<Record<Topic, Closing>>>
}

/** `crl in tls.cfg`. */
export function parameterName(written: string): string {
  return written.replaceAll(/ ?\{[^}]*\}/g, '')
}

/** `crl = FILE in tls.cfg`. */
export function parameterSet(written: string): string {
  return written.replaceAll(/[{}]/g, '')
}
