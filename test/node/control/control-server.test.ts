import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { openControlServer } from '../../../src/node/control/control-server.ts'
import { type NodeFolder, nodeFolder } from '../../../src/node/control/node-folder.ts'
import { ownFolder } from '../../support/own-folder.ts'

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

t.test('a server that closes leaves the socket of the one that has taken its folder', async (t) => {
  const shallow = nodeFolder(ownFolder(t), 'fe1')
  for (const folder of [shallow, deepFolder(t)]) {
    mkdirSync(folder.root, { recursive: true })
    const before = await openControlServer(folder, {})
    rmSync(folder.root, { recursive: true })
    mkdirSync(folder.root)
    const later = await openControlServer(folder, {})
    await before.close()
    const path = folder === shallow ? folder.controlSocket : readFileSync(folder.controlSocketPointer, 'utf8')
    t.ok(existsSync(path))
    await later.close()
    t.notOk(existsSync(path))
  }
})

t.test('a reader of a trace that does not read is let go at 8 MB', async (t) => {
  const folder = nodeFolder(ownFolder(t), 'fe1')
  mkdirSync(folder.root, { recursive: true })
  let written = 0
  const closed = Promise.withResolvers<void>()
  const server = await openControlServer(folder, {
    'GET /trace': () => ({
      kind: 'lines',
      start(stream) {
        const timer = setInterval(() => {
          for (let line = 0; line < 20; line++) stream.write({ text: 'x'.repeat(50_000) })
          written += 1_000_000
        }, 1)
        stream.onClose(() => {
          clearInterval(timer)
          closed.resolve()
        })
      },
    }),
  })
  t.teardown(() => server.close())
  const reader = connect(folder.controlSocket).on('error', () => undefined)
  t.teardown(() => reader.destroy())
  reader.write('GET /trace HTTP/1.1\r\nHost: node\r\n\r\n')
  await closed.promise
  t.ok(written > 8_000_000 && written < 20_000_000, `${written} octets`)
})
