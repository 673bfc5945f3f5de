/**
 * Holds the imports of src/ against the layers: `node scripts/layers.ts`. dependency-cruiser has no reader for
 * TypeScript 7, so it is given the sources as JavaScript: once with the type imports kept as plain ones, since types
 * belong to a layer too, and once without them, to find circles of values.
 */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire, stripTypeScriptTypes } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { cruise } from 'dependency-cruiser'
import type { ICruiseOptions, ICruiseResult, IFlattenedRuleSet } from 'dependency-cruiser'

const root = resolve(import.meta.dirname, '..')

export interface Breach {
  readonly rule: string
  /** What the rule says. */
  readonly comment: string
  readonly from: string
  readonly to: string
}

/**
 * @param sources a folder that holds `src/`
 * @param scratch an empty folder inside the repository, so that npm packages are found from there
 */
export async function findBreaches(sources: string, scratch: string): Promise<readonly Breach[]> {
  const withTypes = await check(
    sources,
    join(scratch, 'types'),
    (text) => text,
    ({ name }) => name !== 'no-circles',
  )
  const values = await check(sources, join(scratch, 'values'), undefined, ({ name }) => name === 'no-circles')
  return [...withTypes, ...values]
}

type Rules = Required<IFlattenedRuleSet>['forbidden']

async function check(
  sources: string,
  copy: string,
  keepTypes: ((text: string) => string) | undefined,
  wanted: (rule: { readonly name?: string }) => boolean,
): Promise<readonly Breach[]> {
  copyAsJavaScript(sources, copy, keepTypes !== undefined)
  const { forbidden, options } = createRequire(import.meta.url)('../.dependency-cruiser.cjs') as {
    readonly forbidden: Rules
    readonly options: ICruiseOptions & { readonly enhancedResolveOptions: object }
  }
  const { enhancedResolveOptions, ...cruiseOptions } = options
  const result = await cruise(
    ['src'],
    { ...cruiseOptions, baseDir: copy, validate: true, ruleSet: { forbidden: forbidden.filter(wanted) } },
    { ...enhancedResolveOptions },
  )
  const { summary, modules } = result.output as ICruiseResult
  if (modules.length < 2)
    throw new Error(`dependency-cruiser read ${modules.length} files below ${copy}: nothing was checked`)
  return summary.violations.map(({ rule, from, to }) => ({
    rule: rule.name,
    comment: forbidden.find(({ name }) => name === rule.name)?.comment ?? '',
    from,
    to,
  }))
}

function copyAsJavaScript(sources: string, copy: string, keepTypes: boolean): void {
  const names = readdirSync(join(sources, 'src'), { recursive: true, encoding: 'utf8' })
  for (const name of names.filter((each) => /(?<![.]d)[.]ts$|[.]m?js$/.test(each))) {
    const file = join(sources, 'src', name)
    if (!statSync(file).isFile()) continue
    const text = readFileSync(file, 'utf8')
    const target = join(copy, 'src', name.replace(/[.]ts$/, '.js'))
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, name.endsWith('.ts') ? javaScriptOf(text, keepTypes) : text)
  }
}

function javaScriptOf(text: string, keepTypes: boolean): string {
  const kept = keepTypes
    ? text
        .replace(/^import type (?=[{*\w])|^export type (?=[{*])/gm, (words) =>
          words.startsWith('i') ? 'import ' : 'export ',
        )
        .replace(/^(?:import|export) \{[^}]*\} from/gm, (names) => names.replace(/\btype /g, ''))
    : text
  return stripTypeScriptTypes(kept)
    .replace(/(from|import) '(\.[^']*)\.ts'/g, "$1 '$2.js'")
    .replace(/import\('(\.[^']*)\.ts'\)/g, "import('$1.js')")
}

if (import.meta.main) {
  const scratch = mkdtempSync(join(root, 'node_modules', '.siplab-layers-'))
  try {
    const breaches = await findBreaches(root, scratch)
    for (const { rule, comment, from, to } of breaches) console.error(`${from} imports ${to}\n  ${rule}: ${comment}`)
    console.error(
      breaches.length === 0 ? 'every import keeps to its layer' : `${breaches.length} imports leave their layer`,
    )
    process.exitCode = breaches.length === 0 ? 0 : 1
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}
