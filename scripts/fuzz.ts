/**
 * `npm run fuzz -- --minutes 2 --seed 1 --target messages`: damages good input and looks for exceptions that are not
 * the reader's own. The same seed gives the same inputs; exit status 1 when something was found.
 */
import { parseArgs } from 'node:util'
import { fuzz, testOf } from '../test/support/fuzz/fuzz.ts'
import { openTarget, type TargetName, targetNames } from '../test/support/fuzz/targets.ts'

const usage = `npm run fuzz -- [--minutes N] [--seed S] [--target NAME]...
    targets: ${targetNames.join(', ')} (default: all)
npm run fuzz -- --minutes 2 --seed 1 --target messages --target framer`

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string' },
    target: { type: 'string', multiple: true },
    help: { type: 'boolean' },
  },
})
process.exitCode = values.help === true ? help() : await run()

function help(): number {
  console.log(usage)
  return 0
}

async function run(): Promise<number> {
  const minutes = Number(values.minutes)
  const seed = values.seed === undefined ? Date.now() % 2 ** 32 : Number(values.seed)
  const wanted = values.target ?? targetNames
  const unknown = wanted.find((name) => !isTarget(name))
  if (!(minutes > 0) || !Number.isInteger(seed) || unknown !== undefined) {
    console.error(`wanted minutes above 0, a whole seed, known targets; found ${JSON.stringify(values)}\n${usage}`)
    return 2
  }
  console.log(`seed ${seed}, ${minutes} min, ${wanted.join(', ')}`)
  const targets = await Promise.all(wanted.filter(isTarget).map(openTarget))
  const end = performance.now() + minutes * 60_000
  const { tried, findings } = await fuzz(targets, seed, () => performance.now() >= end)
  for (const target of targets) await target.close?.()
  for (const [name, count] of Object.entries(tried)) console.log(`${name.padEnd(10)} ${count} inputs`)
  for (const finding of findings)
    console.log(
      `\n${finding.target}, input ${finding.input} of seed ${seed}: ${finding.error}\n` +
        `octets (Base64): ${finding.octets.toString('base64')}\n${testOf(finding)}`,
    )
  console.log(findings.length === 0 ? 'nothing was found' : `\n${findings.length} findings`)
  return findings.length === 0 ? 0 : 1
}

function isTarget(name: string): name is TargetName {
  return targetNames.some((known) => known === name)
}
