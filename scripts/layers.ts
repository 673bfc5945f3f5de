/**
 * Holds the imports of src/ against the layers: `node scripts/layers.ts`. dependency-cruiser has no reader for
 * TypeScript 7, so it is given the sources as JavaScript, with the type imports kept as plain ones: types belong to a
 * layer too, and a circle of types is a circle.
 */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire, stripTypeScriptTypes } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { cruise } from 'dependency-cruiser'
import type { ICruiseOptions, ICruiseResult, IFlattenedRuleSet } from 'dependency-cruiser'
import { transformSync } from 'esbuild'

const root = resolve(import.meta.dirname, '..')

export interface Breach {
  readonly rule: string
  /** What the rule says. */
  readonly comment: string
  readonly from: string
  readonly to: string
}

type Rules = Required<IFlattenedRuleSet>['forbidden']

/**
 * @param sources a folder that holds `src/`
 * @param scratch an empty folder inside the repository, so that npm packages are found from there
 */
export async function findBreaches(sources: string, scratch: string): Promise<readonly Breach[]> {
  copyAsJavaScript(sources, scratch)
  const { forbidden, options } = createRequire(import.meta.url)('../.dependency-cruiser.cjs') as {
    readonly forbidden: Rules
    readonly options: ICruiseOptions & { readonly enhancedResolveOptions: object }
  }
  const { enhancedResolveOptions, ...cruiseOptions } = options
  const result = await cruise(
    ['src'],
    { ...cruiseOptions, baseDir: scratch, validate: true, ruleSet: { forbidden } },
    { ...enhancedResolveOptions },
  )
  const { summary, modules } = result.output as ICruiseResult
  if (modules.length < 2)
    throw new Error(`dependency-cruiser read ${modules.length} files below ${scratch}: nothing was checked`)
  return summary.violations.map(({ rule, from, to }) => ({
    rule: rule.name,
    comment: forbidden.find(({ name }) => name === rule.name)?.comment ?? '',
    from,
    to,
  }))
}

function copyAsJavaScript(sources: string, copy: string): void {
  const names = readdirSync(join(sources, 'src'), { recursive: true, encoding: 'utf8' })
  for (const name of names.filter((each) => /(?<![.]d)[.]tsx?$|[.]m?js$/.test(each))) {
    const file = join(sources, 'src', name)
    if (!statSync(file).isFile()) continue
    const text = readFileSync(file, 'utf8')
    const target = join(copy, 'src', name.replace(/[.]tsx?$/, '.js'))
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, /[.]tsx?$/.test(name) ? javaScriptOf(text, name.endsWith('x')) : text)
  }
}

/** With `import type` and `export type` as imports and exports of values, so that they are followed. */
function javaScriptOf(text: string, isMarkup: boolean): string {
  const kept = text
    .replace(/^import type (?=[{*\w])/gm, 'import ')
    .replace(/^export type (?=[{*])/gm, 'export ')
    .replace(/^(?:import|export) \{[^}]*\} from/gm, (names) => names.replace(/\btype /g, ''))
  return (isMarkup ? withoutMarkup(kept) : stripTypeScriptTypes(kept))
    .replace(/(from|import) (['"])(\.[^'"]*)\.tsx?\2/g, "$1 '$3.js'")
    .replace(/import\((['"])(\.[^'"]*)\.tsx?\1\)/g, "import('$2.js')")
}

/** Node strips types, but knows no JSX. */
function withoutMarkup(text: string): string {
  const compilerOptions = { jsx: 'react-jsx', jsxImportSource: 'preact', verbatimModuleSyntax: true } as const
  return transformSync(text, { loader: 'tsx', tsconfigRaw: { compilerOptions } }).code
}

if (import.meta.main) {
  // Not below node_modules: the rules about npm packages know those by that folder in their path.
  const scratches = join(root, '.tap')
  mkdirSync(scratches, { recursive: true })
  const scratch = mkdtempSync(join(scratches, 'layers-'))
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
