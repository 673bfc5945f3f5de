/** `${name}` in the texts of a step: what earlier steps kept. */

const mark = /\$\{(\w+)\}/g

/** Every variable a step uses. */
export function variablesIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [...value.matchAll(mark)].map(([, name = '']) => name)
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(variablesIn)
}

/** The same value with every variable replaced; the loader has checked that each is known. */
export function fillIn<T>(value: T, variables: ReadonlyMap<string, string>): T {
  return filled(value, variables) as T
}

function filled(value: unknown, variables: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') return value.replace(mark, (_, name: string) => variables.get(name) ?? '')
  if (Array.isArray(value)) return value.map((each) => filled(each, variables))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, filled(each, variables)]))
}

/** `valueAt(answer, 'certificate.name')`; undefined when there is none. */
export function valueAt(document: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
      document,
    )
}

/** Words of a command line; double quotes hold words together. */
export function splitWords(line: string): readonly string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain = '']) => quoted ?? plain)
}
