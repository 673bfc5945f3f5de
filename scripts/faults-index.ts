/**
 * Writes src/certificates/faults/index.ts: one import and one entry for every fault file of that folder. Run: node
 * scripts/faults-index.ts
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

const folder = new URL('../src/certificates/faults/', import.meta.url)
const families = ['time', 'trust', 'names', 'purpose', 'revocation', 'algorithms', 'files', 'protocol']

export function faultsIndex(): string {
  const found = readdirSync(folder)
    .sort()
    .flatMap((file) => {
      const text = readFileSync(new URL(file, folder), 'utf8')
      const name = /^export const (\w+): Fault = \{/m.exec(text)?.[1]
      const family = /^ {2}family: '(\w+)'/m.exec(text)?.[1]
      return name === undefined || family === undefined ? [] : [{ file, name, family }]
    })
  const inOrder = families.flatMap((family) => found.filter((one) => one.family === family))
  if (inOrder.length !== found.length) throw new Error('a fault has a family that is not listed here')
  const imports = found.map(({ file, name }) => `import { ${name} } from './${file}'`)
  const entries = inOrder.map(({ name }) => `  ${name},`)
  return [
    '/** Every fault of the catalogue, by family. Written by scripts/faults-index.ts; a test checks that it is ' +
      'current. */',
    "import type { Fault } from './fault.ts'",
    ...imports,
    '',
    'export const faults: readonly Fault[] = [',
    ...entries,
    ']',
    '',
    '/** The fault of this name, e.g. `expired`. Absent when there is none. */',
    'export function findFault(slug: string): Fault | undefined {',
    '  return faults.find((fault) => fault.slug === slug)',
    '}',
    '',
  ].join('\n')
}

if (import.meta.main) writeFileSync(new URL('index.ts', folder), faultsIndex())
