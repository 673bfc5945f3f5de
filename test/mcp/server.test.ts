/** `siplab mcp`, asked by the client of the official SDK. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import t, { type Test } from 'tap'
import { main } from '../../src/cli/main.ts'
import { mcpServer } from '../../src/cli/mcp/server.ts'
import { faultPki } from '../../src/faults/catalogue/fault-pki.ts'
import { testIo } from '../support/cli.ts'
import { siplabBin } from '../support/command.ts'
import { isAlive } from '../support/is-alive.ts'
import { ownFiles, ownFolder } from '../support/own-folder.ts'
import { faultServer } from '../support/sip-server.ts'
import { until } from '../support/until.ts'

const folder = ownFolder(t)

async function connected(t: Test, allowChanges = false): Promise<Client> {
  const { io } = testIo(folder)
  const server = mcpServer({ run: main, io, data: undefined, allowChanges })
  const client = new Client({ name: 'test', version: '1.0.0' })
  const [ours, theirs] = InMemoryTransport.createLinkedPair()
  await Promise.all([server.connect(theirs), client.connect(ours)])
  t.teardown(() => client.close())
  return client
}

/** The structured result; its text is the same document. */
async function call(client: Client, name: string, args: Record<string, unknown> = {}) {
  const { structuredContent, content, isError } = await client.callTool({ name, arguments: args })
  const [text] = content as readonly { readonly text: string }[]
  return { document: structuredContent as Record<string, unknown>, text: text?.text, isError: isError === true }
}

t.test('without --allow-changes there are only tools that change nothing', async (t) => {
  const { tools } = await (await connected(t)).listTools()
  t.strictSame(
    tools.map(({ name }) => name),
    ['explain', 'check', 'plan', 'events', 'status', 'faults'],
  )
  t.ok(tools.every(({ annotations }) => annotations?.readOnlyHint === true))
})

t.test('with --allow-changes there are also those that do, and break says that it destroys', async (t) => {
  const { tools } = await (await connected(t, true)).listTools()
  t.strictSame(
    tools.filter(({ annotations }) => annotations?.readOnlyHint !== true).map(({ name }) => name),
    ['up', 'down', 'break', 'heal', 'scenario'],
  )
  t.equal(tools.find(({ name }) => name === 'break')?.annotations?.destructiveHint, true)
})

t.test('a tool that was not allowed cannot be called', async (t) => {
  const { isError } = await call(await connected(t), 'break', { target: 'fe1', fault: 'expired' })
  t.equal(isError, true)
})

t.test('explain gives the document of siplab explain --json', async (t) => {
  const { document, text } = await call(await connected(t), 'explain', {
    evidence: ['error:0A000415:SSL routines::sslv3 alert certificate expired'],
  })
  t.match(document, { candidates: [{ code: 'cert.expired' }], whoRefused: 'them', advice: [{ code: 'cert.expired' }] })
  t.strictSame(JSON.parse(text ?? ''), JSON.parse(JSON.stringify(document)))
})

t.test('explain of a file that is not there is an error with the sentence of the command', async (t) => {
  const { document, isError } = await call(await connected(t), 'explain', { evidence: ['/nowhere/chain.pem'] })
  t.match([isError, document], [true, { error: { code: 'usage', message: /wanted a file/ } }])
})

t.test('check dials the target; a failed check is an answer', async (t) => {
  const pki = faultPki({ now: Date.now() })
  const files = ownFiles(t, { 'root.pem': pki.root.pem })
  const server = await faultServer(pki, pki.good(), 'server')
  t.teardown(() => server.close())
  const client = await connected(t)
  const target = `127.0.0.1:${server.port}`
  const good = await call(client, 'check', { target, name: pki.good().wantedName, ca: [`${files}/root.pem`] })
  t.match([good.isError, good.document], [false, { target, ok: true, code: 'ok' }])
  const untrusted = await call(client, 'check', { target, name: pki.good().wantedName })
  t.match([untrusted.isError, untrusted.document], [false, { ok: false, code: 'chain.untrusted-root' }])
})

t.test('plan gives the plan, and an unknown topology is an error that names those there are', async (t) => {
  const client = await connected(t)
  t.match((await call(client, 'plan', { topology: 'edge' })).document, { topology: 'edge', domain: 'lab.test' })
  const { document, isError } = await call(client, 'plan', { topology: 'edgee' })
  t.match([isError, document], [true, { error: { message: /did you mean/i } }])
})

t.test('events and status without a lab say so', async (t) => {
  const client = await connected(t)
  for (const name of ['events', 'status'])
    t.match(await call(client, name), { isError: true, document: { error: { code: 'lab.none' } } }, name)
})

t.test('what an assistant writes is never an option of the command', async (t) => {
  const client = await connected(t)
  const { document, isError } = await call(client, 'check', { target: '--limbo=/etc/passwd' })
  t.match([isError, document], [true, { error: { code: /./ } }])
  t.notMatch(JSON.stringify(document), /limbo.*corpus|root:/)
  const plan = await call(client, 'plan', { topology: '--help' })
  t.match([plan.isError, plan.document], [true, { error: { message: /--help/ } }])
})

t.test('arguments of a wrong shape are refused before anything runs', async (t) => {
  const { isError, text } = await call(await connected(t), 'events', { most: 100_000 })
  t.equal(isError, true)
  t.match(text, /most/)
})

t.test('siplab mcp speaks on its standard streams, and ends with its input', async (t) => {
  const transport = new StdioClientTransport({ command: process.execPath, args: [siplabBin, 'mcp'], cwd: folder })
  const client = new Client({ name: 'test', version: '1.0.0' })
  await client.connect(transport)
  const { pid } = transport
  t.match((await call(client, 'plan', { topology: 'standard' })).document, { topology: 'standard' })
  const faults = (await call(client, 'faults')).document['faults']
  t.ok(Array.isArray(faults) && faults.length > 100)
  await client.close()
  await t.resolves(
    until(() => pid !== null && !isAlive(pid)),
    'its process has ended',
  )
})
