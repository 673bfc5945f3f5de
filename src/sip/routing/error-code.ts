/** The stable code an error of a lower layer carries, e.g. `connect.refused` or `cert.expired`. */
export function codeOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string')
    return error.code
  return 'internal.error'
}
