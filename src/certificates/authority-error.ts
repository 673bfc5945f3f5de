/**
 * Trouble with the folder of the authority; the message says what to do next. In a file of its own: code that
 * reports the error need not load the code that writes certificates.
 */
export class AuthorityError extends Error {
  readonly code: 'authority-missing' | 'authority-exists' | 'authority-incomplete' | 'serial-unknown'
  constructor(code: AuthorityError['code'], message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'AuthorityError'
    this.code = code
  }
}
