/**
 * The command line asks for something that does not exist or does not fit together. In a file of its own: most commands
 * need it, and few need what failure.ts knows of every other error.
 */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly code = 'usage'
}
