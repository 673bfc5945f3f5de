/**
 * Holds the functions of src/ to a size: `node scripts/functions.ts`. Outermost functions have at most 40 lines,
 * methods of a class included; a function inside another one has no limit of its own. Constructors take at most 4
 * arguments.
 * Functions named in functions.json may be longer. A name there that no long function has any more is reported as
 * well, so that the list only gets shorter.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join, resolve } from 'node:path'
import { type Node, parse } from 'acorn'

const root = resolve(import.meta.dirname, '..')
const mostLines = 40
const mostArguments = 4

export interface MeasuredFunction {
  /** Of its declaration, or of the variable, property or method that holds it. */
  readonly name: string
  /** From 1. */
  readonly line: number
  readonly lines: number
  readonly parameters: number
  readonly isConstructor: boolean
}

/** The outermost functions of one TypeScript file. */
export function outermostFunctions(text: string): readonly MeasuredFunction[] {
  // Types become blanks: every line stays where it is.
  const program = parse(stripTypeScriptTypes(text), { ecmaVersion: 'latest', sourceType: 'module', locations: true })
  const found: MeasuredFunction[] = []
  visit(program, '', found)
  return found
}

function visit(value: unknown, name: string, found: MeasuredFunction[]): void {
  if (Array.isArray(value)) for (const each of value) visit(each, name, found)
  if (!isNode(value)) return
  const own = nameOf(value) ?? name
  if (isFunction(value)) return void found.push(measured(value, own))
  for (const child of Object.values(value)) visit(child, own, found)
}

type FunctionNode = Node & { readonly params: readonly Node[] }

function measured({ loc, params }: FunctionNode, name: string): MeasuredFunction {
  const [first, last] = [loc?.start.line ?? 0, loc?.end.line ?? 0]
  return {
    name,
    line: first,
    lines: last - first + 1,
    parameters: params.length,
    isConstructor: name === 'constructor',
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}

function isFunction(node: Node): node is FunctionNode {
  return /^(?:FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)
}

function nameOf(node: Node): string | undefined {
  const { id, key } = node as { readonly id?: unknown; readonly key?: unknown }
  const named = id ?? key
  return isNode(named) && 'name' in named && typeof named.name === 'string' ? named.name : undefined
}

/**
 * @param allowed `src/node/stack.ts:openStack`
 * @returns one sentence for each breach
 */
export function breachesIn(
  files: readonly { readonly file: string; readonly text: string }[],
  allowed: ReadonlySet<string>,
): readonly string[] {
  const unused = new Set(allowed)
  const breaches: string[] = []
  for (const { file, text } of files)
    for (const { name, line, lines, parameters, isConstructor } of outermostFunctions(text)) {
      const place = `${file}:${line}: ${name}`
      if (isConstructor && parameters > mostArguments)
        breaches.push(`${place} takes ${parameters} arguments; at most ${mostArguments}, join what belongs together`)
      if (lines <= mostLines) continue
      if (!allowed.has(`${file}:${name}`))
        breaches.push(`${place} has ${lines} lines; at most ${mostLines}, give its parts names`)
      unused.delete(`${file}:${name}`)
    }
  for (const name of unused)
    breaches.push(`functions.json: ${name} is no function of over ${mostLines} lines: remove it`)
  return breaches
}

if (import.meta.main) {
  const names = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.ts$/.test(name),
  )
  if (names.length === 0) throw new Error(`no TypeScript file below ${root}/src: nothing was checked`)
  const files = names.map((name) => ({ file: `src/${name}`, text: readFileSync(join(root, 'src', name), 'utf8') }))
  const { long } = JSON.parse(readFileSync(join(root, 'functions.json'), 'utf8')) as {
    readonly long: readonly string[]
  }
  const breaches = breachesIn(files, new Set(long))
  for (const breach of breaches) console.error(breach)
  if (breaches.length === 0)
    console.error(`no function of ${files.length} files is over ${mostLines} lines, but for ${long.length} by name`)
  process.exitCode = breaches.length === 0 ? 0 : 1
}
