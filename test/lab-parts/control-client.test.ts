import { once } from 'node:events'
import { createServer } from 'node:http'
import { join } from 'node:path'
import t from 'tap'
import { controlClient } from '../../src/lab/control-client.ts'
import { LabError } from '../../src/lab/lab-error.ts'
import { ownFolder } from '../support/own-folder.ts'

t.test('a node that ends in the middle of its answer is one that does not answer', async (t) => {
  const controlSocket = join(ownFolder(t), 'c.sock')
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-length': 100 })
    response.write('{"state":', () => response.destroy())
  })
  server.listen(controlSocket)
  await once(server, 'listening')
  t.teardown(() => server.close())
  const client = controlClient('fe1', { controlSocket, controlSocketPointer: `${controlSocket}.path` })
  const error = await client.get('/status').then(
    () => undefined,
    (reason: unknown) => reason,
  )
  t.type(error, LabError)
  t.match(error, { kind: 'not-so', code: 'node.unreachable', message: /^fe1 does not answer/ })
})
