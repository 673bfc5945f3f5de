/** What keeps a lab from doing what was asked, told apart by what the caller can do about it. */

export type LabErrorKind =
  /** The command or the configuration is wrong, e.g. a lab already runs there, a port is taken. */
  | 'usage'
  /** The thing asked for is not so, e.g. no lab runs there, a node refuses the change. */
  | 'not-so'

/** One sentence that names what was wanted, what was found, where, and what to do next. */
export class LabError extends Error {
  override readonly name = 'LabError'
  readonly kind: LabErrorKind
  /** Dotted and stable, e.g. `lab.running`. */
  readonly code: string
  /** What the node said besides the sentence; a Verdict where it gave one. */
  readonly detail: unknown

  constructor(
    kind: LabErrorKind,
    code: string,
    message: string,
    options: ErrorOptions & { readonly detail?: unknown } = {},
  ) {
    super(message, options)
    this.kind = kind
    this.code = code
    this.detail = options.detail
  }
}
