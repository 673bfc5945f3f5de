/**
 * Injects every fault of the catalogue at a server and lets `check` look at it, once for each profile: prints the table
 * and the share named rightly. Run: node scripts/check-faults.ts [SLUG…]. Exit status 1 when a fault is not named.
 */
import { faultPki } from '../src/certificates/faults/fault-pki.ts'
import { faults } from '../src/certificates/faults/index.ts'
import { checkProfileNames } from '../src/check/index.ts'
import { checkFault, type Row } from '../test/check/fault-table.ts'

const marks = { first: '=', listed: '~', no: '!' } as const
const wanted = process.argv.slice(2)
const pki = faultPki({ now: Date.now() })
const rows: Row[] = []
for (const fault of faults.filter(({ slug }) => wanted.length === 0 || wanted.includes(slug))) {
  for (const side of fault.sides) {
    const cells: Row[] = []
    for (const profile of checkProfileNames) cells.push(await checkFault(pki, fault, side, profile))
    rows.push(...cells)
    const [first] = cells
    if (first !== undefined)
      console.log(
        `${fault.slug.padEnd(34)} ${side.padEnd(6)} ${first.expected.padEnd(26)} ` +
          cells.map(({ verdict, named }) => `${marks[named]}${verdict}`).join('  '),
      )
  }
}

const share = (some: readonly Row[]): string => `${some.filter(({ named }) => named !== 'no').length} of ${some.length}`
console.log(`\ncolumns: ${checkProfileNames.join(', ')}; = is the verdict, ~ is listed, ! is not named`)
for (const side of ['server', 'client'] as const)
  console.log(`named rightly, the ${side} broken: ${share(rows.filter((row) => row.side === side))}`)
for (const profile of checkProfileNames)
  console.log(`named rightly as ${profile}: ${share(rows.filter((row) => row.profile === profile))}`)
const missed = rows.filter(({ named }) => named === 'no')
console.log(`named rightly in all: ${share(rows)}; slowest ${Math.max(...rows.map(({ ms }) => ms))} ms`)
process.exitCode = missed.length === 0 ? 0 : 1
