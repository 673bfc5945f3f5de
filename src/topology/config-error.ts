/** The operator's fault: a configuration that cannot be used, with the place where it says so. */

export interface ConfigFault {
  /** e.g. `config/edge.yaml`. */
  readonly file: string
  /** 1-based; 1 when the fault has no place of its own. */
  readonly line: number
  /** 1-based. */
  readonly column: number
  /** Path of the field, e.g. `hosts.fe1.listeners[0].port`. Empty: the file as a whole. */
  readonly field: string
  /** What would have been accepted, e.g. `a port from 1 to 65535`. */
  readonly wanted: string
  /** What the file holds there, e.g. `"five"`. */
  readonly found: string
  /** No file was read: the message names no place in one. */
  readonly unread?: true
}

/** Message form: `config/edge.yaml:12: hosts.fe1.role: wanted one of …, found "frontend"`. Leads to exit status 2. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly code = 'config.invalid'
  readonly file: string
  readonly line: number
  readonly column: number
  readonly field: string
  readonly wanted: string
  readonly found: string

  constructor(fault: ConfigFault, options?: ErrorOptions) {
    const field = fault.field === '' ? '' : `${fault.field}: `
    const place = fault.unread === true ? '' : `${fault.file}:${fault.line}: ${field}`
    super(`${place}wanted ${fault.wanted}, found ${fault.found}`, options)
    this.file = fault.file
    this.line = fault.line
    this.column = fault.column
    this.field = fault.field
    this.wanted = fault.wanted
    this.found = fault.found
  }
}

/** `noFile('edgee', 'a topology …', '"edgee"; did you mean edge?')`: a name or path with no file behind it. */
export function noFile(file: string, wanted: string, found: string, options?: ErrorOptions): ConfigError {
  return new ConfigError({ file, line: 1, column: 1, field: '', wanted, found, unread: true }, options)
}
