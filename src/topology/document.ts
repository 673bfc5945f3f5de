/** A YAML text held against a schema; every fault comes out with line, column and field path. */
import { isCollection, isMap, isNode, isPair, isScalar, LineCounter, parseDocument, visit } from 'yaml'
import type { Document } from 'yaml'
import type { z } from 'zod'
import { ConfigError } from './config-error.ts'

/** Far beyond any lab file; refused before it is parsed. */
const maxCharacters = 256 * 1024

type Path = readonly (string | number)[]

/** A fault of meaning (a host that does not exist), found after the schema was content. */
export interface Fault {
  readonly path: Path
  readonly wanted: string
  readonly found: string
}

export interface CheckedDocument<T> {
  readonly value: T
  /** The error for a fault of meaning at a path of this file. */
  error(fault: Fault): ConfigError
}

/**
 * Reads `text` as YAML and checks it against `schema`.
 *
 * @param file the name to show in errors, e.g. `config/edge.yaml`
 * @throws ConfigError for the first fault in the order of the file
 */
export function readDocument<S extends z.ZodType>(schema: S, text: string, file: string): CheckedDocument<z.infer<S>> {
  if (text.length > maxCharacters) {
    throw new ConfigError({
      file,
      line: 1,
      column: 1,
      field: '',
      wanted: `at most ${maxCharacters} characters`,
      found: String(text.length),
    })
  }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, version: '1.2' })
  const syntax = document.errors[0]
  if (syntax !== undefined) {
    const { line, col } = lines.linePos(syntax.pos[0])
    const found = firstLine(syntax.message)
    throw new ConfigError({ file, line, column: col, field: '', wanted: 'well-formed YAML', found }, { cause: syntax })
  }
  refuseSpecialKeys(document, lines, file)
  const input = plainValue(document, file)
  const error = (fault: Fault): ConfigError => {
    const { line, column } = place(document, lines, fault.path)
    return new ConfigError({
      file,
      line,
      column,
      field: fieldPath(fault.path),
      wanted: fault.wanted,
      found: fault.found,
    })
  }
  const result = schema.safeParse(input)
  if (result.success) return { value: result.data, error }
  const issues = [...result.error.issues].sort((a, b) => misspelled(b) - misspelled(a))
  const errors = issues.flatMap((issue) => faults(issue, input, schema)).map(error)
  errors.sort((a, b) => a.line - b.line)
  throw errors[0] ?? result.error
}

/** Names that every object of JavaScript has: as a key they vanish, or are found where no one put them. */
const specialKeys: ReadonlySet<string> = new Set([...Object.getOwnPropertyNames(Object.prototype), 'prototype'])

function refuseSpecialKeys(document: Document, lines: LineCounter, file: string): void {
  visit(document, {
    Pair(_, { key }) {
      if (!isScalar(key) || !specialKeys.has(String(key.value))) return
      const { line, col } = lines.linePos(key.range?.[0] ?? 0)
      const found = String(key.value)
      throw new ConfigError({ file, line, column: col, field: found, wanted: 'a name that is free to choose', found })
    },
  })
}

/** Aliases are followed, up to a number no lab file needs: a handful of them can stand for gigabytes. */
function plainValue(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 50 })
  } catch (cause) {
    const found = cause instanceof Error ? firstLine(cause.message) : String(cause)
    throw new ConfigError(
      { file, line: 1, column: 1, field: '', wanted: 'at most 50 uses of an alias', found },
      { cause },
    )
  }
}

/** `['hosts', 'fe1', 'listeners', 0, 'port']` → `hosts.fe1.listeners[0].port`. */
function fieldPath(path: Path): string {
  return path.map((step, at) => (typeof step === 'number' ? `[${step}]` : at === 0 ? step : `.${step}`)).join('')
}

/** A value as an error shows it: short, quoted, never a whole structure. */
function describe(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object') return value === null ? 'an empty value' : 'a group of settings'
  const shown = JSON.stringify(value)
  return shown.length > 60 ? `${shown.slice(0, 57)}…"` : shown
}

/** An unknown key often is the missing one, misspelled: it is named first. */
function misspelled(issue: z.core.$ZodIssue): number {
  return issue.code === 'unrecognized_keys' ? 1 : 0
}

function faults(issue: z.core.$ZodIssue, input: unknown, schema: z.ZodType): readonly Fault[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)))
  const value = valueAt(input, path)
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        path: [...path, key],
        wanted: knownKeys(schema, path, input),
        found: `the unknown key "${key}"`,
      }))
    case 'invalid_union': {
      const inner = issue.errors.flat()[0]
      const options = 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : undefined
      if (issue.discriminator !== undefined && options !== undefined) {
        const at = path.at(-1) === issue.discriminator ? path : [...path, issue.discriminator]
        return [{ path: at, wanted: oneOf(options), found: describe(valueAt(input, at)) }]
      }
      if (inner === undefined) return [{ path, wanted: issue.message, found: describe(value) }]
      return faults({ ...inner, path: [...issue.path, ...inner.path] }, input, schema)
    }
    case 'invalid_key':
      return [{ path, wanted: issue.issues[0]?.message ?? 'another key', found: `the key "${String(path.at(-1))}"` }]
    default:
      return [{ path, wanted: wanted(issue), found: describe(value) }]
  }
}

function wanted(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return typeNames[issue.expected] ?? issue.expected
    case 'invalid_value':
      return oneOf(issue.values.map(String))
    case 'too_small':
      return issue.origin === 'string'
        ? 'some text'
        : `at least ${issue.minimum}${issue.origin === 'array' ? ' entries' : ''}`
    case 'too_big':
      return `at most ${issue.maximum}${sizes[issue.origin] ?? ''}`
    default:
      return issue.message
  }
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a group of settings',
  record: 'a group of names',
  array: 'a list',
}

const sizes: Readonly<Record<string, string>> = { string: ' characters', array: ' entries' }

function oneOf(values: readonly string[]): string {
  return values.length === 1 ? `"${values[0]}"` : `one of ${values.join(', ')}`
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, step) => {
    if (typeof inner !== 'object' || inner === null) return undefined
    return Object.entries(inner).find(([key]) => key === String(step))?.[1]
  }, value)
}

/**
 * The keys a group accepts, found by walking the schema along the path; a union is told apart by the `role` or `kind`
 * given.
 */
function knownKeys(schema: z.ZodType, path: Path, input: unknown): string {
  let at: z.core.$ZodType = unwrap(schema)
  let value: unknown = input
  for (const step of path) {
    at = child(unionMember(at, value), step)
    value = valueAt(value, [step])
  }
  at = unionMember(at, value)
  const def = definition(at)
  return def.type === 'object' && def.shape !== undefined ? oneOf(Object.keys(def.shape)) : 'a known key'
}

interface Definition {
  readonly type: string
  readonly innerType?: z.core.$ZodType
  readonly element?: z.core.$ZodType
  readonly valueType?: z.core.$ZodType
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>
  readonly options?: readonly z.core.$ZodType[]
}

function definition(schema: z.core.$ZodType): Definition {
  return schema._zod.def as Definition
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  const inner = definition(schema).innerType
  return inner === undefined ? schema : unwrap(inner)
}

function child(schema: z.core.$ZodType, step: string | number): z.core.$ZodType {
  const def = definition(schema)
  return unwrap(def.shape?.[String(step)] ?? def.valueType ?? def.element ?? schema)
}

function unionMember(schema: z.core.$ZodType, value: unknown): z.core.$ZodType {
  const { options } = definition(schema)
  if (options === undefined) return schema
  const role = valueAt(value, ['role'])
  const fits = options.find((option) => {
    const wanted = definition(unwrap(option)).shape?.['role']
    return wanted?._zod.values?.has(role as string) === true
  })
  return unwrap(fits ?? schema)
}

/** The position of a path in the file; a missing field is shown at the nearest group that should hold it. */
function place(document: Document, lines: LineCounter, path: Path): { readonly line: number; readonly column: number } {
  for (let length = path.length; length > 0; length -= 1) {
    const offset = offsetAt(document, path.slice(0, length))
    if (offset !== undefined) {
      const { line, col } = lines.linePos(offset)
      return { line, column: col }
    }
  }
  return { line: 1, column: 1 }
}

function offsetAt(document: Document, path: Path): number | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  if (!isCollection(parent)) return undefined
  const step = path.at(-1)
  if (!isMap(parent)) {
    const item = parent.items[Number(step)]
    return isNode(item) ? item.range?.[0] : undefined
  }
  const pair = parent.items.find(
    (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(step),
  )
  return isNode(pair?.key) ? pair.key.range?.[0] : undefined
}

function firstLine(message: string): string {
  return message.split('\n')[0]?.replace(/:$/, '') ?? message
}
