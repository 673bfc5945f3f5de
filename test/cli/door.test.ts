/** The door of siplab on a Node that is too old. */
import { mkdirSync, copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { runProgram, siplabBin } from '../support/command.ts'

const asNode20 = `data:text/javascript,Object.defineProperty(process,'versions',{value:{node:'20.20.2'}})`

/** A copy of the door. The `node` package of the repository is above it, so `open` says that it was tried already. */
function door(t: Test): string {
  const folder = join(t.testdir(), 'src', 'cli')
  mkdirSync(folder, { recursive: true })
  copyFileSync(siplabBin, join(folder, 'siplab.mjs'))
  return folder
}

const open = (folder: string): ReturnType<typeof runProgram> =>
  runProgram(process.execPath, ['--import', asNode20, join(folder, 'siplab.mjs'), '--version'], {
    environment: { SIPLAB_HANDED_OVER: '1' },
  })

t.test('a clone on an old Node names npm ci as the remedy', async (t) => {
  const folder = door(t)
  writeFileSync(join(folder, 'main.ts'), '')
  t.match(await open(folder), { status: 2, stderr: /24\.17 or later is needed, this is 20\.20\.2; run `npm ci` in / })
})

t.test('the package on an old Node names npm install node@24 as the remedy', async (t) => {
  t.match(await open(door(t)), { status: 2, stderr: /; run `npm install node@24` in the folder where siplab/ })
})
