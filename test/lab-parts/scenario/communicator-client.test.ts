/** The Communicator client of a step, over a program that says its lines and ends. */
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { CommunicatorClient, communicatorLack } from '../../../src/lab/scenario/communicator-client.ts'
import { ownFolder } from '../../support/own-folder.ts'

function client(t: Test, script: string): CommunicatorClient {
  const program = join(ownFolder(t), 'communicator')
  writeFileSync(program, `#!/bin/sh\n${script}`)
  chmodSync(program, 0o700)
  const environment = { ...process.env, SIPLAB_COMMUNICATOR: program }
  const made = new CommunicatorClient({
    account: 'alice@lab.test',
    password: 'x',
    server: 'se.lab.test:5060',
    transport: 'tcp',
    environment,
  })
  t.teardown(() => made.close())
  return made
}

const says = (event: object): string => `echo '${JSON.stringify(event)}'\n`

t.test('a refused sign-in says why, with what the server said last', async (t) => {
  const trace =
    'while [ "$1" != --trace ]; do shift; done; printf "SIP/2.0 401 No\\r\\nms-diagnostics: 1013;x\\r\\n" >"$2"\n'
  const alice = client(t, `${trace}${says({ event: 'connection-error', reason: 'Authentication failed' })}exit 2\n`)
  await t.rejects(alice.signIn(), {
    code: 'phone.refused',
    status: 401,
    diagnostics: '1013;x',
    message: /Authentication failed/,
  })
})

t.test('the last presence of a buddy is what is seen', async (t) => {
  const presence = (status: string) =>
    says({ event: 'presence', who: 'sip:bob@lab.test', presence: { status, online: true, text: null } })
  const list = says({ event: 'buddy-list' })
  const alice = client(t, `${list}${presence('busy')}${presence('away')}${says({ event: 'signed-on' })}read quit\n`)
  await alice.signIn()
  t.strictSame(alice.sees('sip:bob@lab.test'), { status: 'away', note: '' })
})

t.test('a client that ends is reported, whatever was waited for', async (t) => {
  await t.rejects(client(t, 'exit 3\n').signIn(), { code: 'phone.closed', message: /the client has ended/ })
})

t.test('what is missing is named, with the command that builds it', async (t) => {
  t.match(communicatorLack({}), /SIPLAB_COMMUNICATOR is not set; build it with make -C clients\/communicator/)
  t.match(communicatorLack({ SIPLAB_COMMUNICATOR: '/nowhere' }), /names \/nowhere, which is not there/)
})
