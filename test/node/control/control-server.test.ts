import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { openControlServer } from '../../../src/node/control/control-server.ts'
import { type NodeFolder, nodeFolder } from '../../../src/node/control/node-folder.ts'

/** So deep that no socket can have a name in it. */
function deepFolder(t: Test): NodeFolder {
  const folder = nodeFolder(join(t.testdir(), 'x'.repeat(120)), 'fe1')
  mkdirSync(folder.root, { recursive: true })
  return folder
}

t.test('a socket whose folder is too deep for its name leaves nothing elsewhere when it is closed', async (t) => {
  const folder = deepFolder(t)
  const server = await openControlServer(folder, {})
  const elsewhere = dirname(readFileSync(folder.controlSocketPointer, 'utf8'))
  const whileOpen = existsSync(elsewhere)
  await server.close()
  t.same([whileOpen, existsSync(elsewhere)], [true, false])
})

t.test('what a killed process left elsewhere goes when the next one opens', async (t) => {
  const folder = deepFolder(t)
  const killed = await openControlServer(folder, {})
  const left = dirname(readFileSync(folder.controlSocketPointer, 'utf8'))
  const next = await openControlServer(folder, {})
  t.equal(existsSync(left), false)
  await next.close()
  await killed.close()
})
