/** Users and strangers of a running lab, as raw peers, and what may not have arrived. */
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Test } from 'tap'
import { openAuthority } from '../../src/certificates/authority.ts'
import type { SipResponse } from '../../src/sip/message/types.ts'
import type { TestLab } from './lab.ts'
import { rawPeer, type RawPeer, type RawRequest } from './raw-peer.ts'
import type { RawTransport } from './raw-pipe.ts'

export interface User extends RawPeer {
  readonly uri: string
  readonly login: string
  readonly password: string
}

/** A peer without a certificate at a face of that node: outside at an access proxy, inside elsewhere. */
export function strangerAt(t: Test, lab: TestLab, at: string, transport: RawTransport = 'tls'): Promise<RawPeer> {
  const node = lab.node(at)
  const face = node.role === 'access-proxy' ? 'external' : 'internal'
  const listener = node.listeners.find(
    (each) => each.face === face && each.transport === transport && each.mutual !== 'required',
  )
  if (listener === undefined) throw new Error(`${at} has no ${transport} listener for phones`)
  return rawPeer(t, { address: listener.address, port: listener.port, transport, serverName: node.fqdn })
}

export interface Shown {
  readonly at: string
  /** The only name in the certificate. */
  readonly name: string
  readonly authority: 'internal' | 'public'
}

/** A peer at the inside face of a node that shows a certificate of a CA of the lab. */
export function serverAt(t: Test, lab: TestLab, { at, name, authority }: Shown): Promise<RawPeer> {
  const node = lab.node(at)
  const listener = node.listeners.find(
    ({ face, transport, port }) => face === 'internal' && transport === 'tls' && port === 5061,
  )
  if (listener === undefined) throw new Error(`${at} has no TLS listener on 5061 at its inside face`)
  const { chainPem, keyPem } = openAuthority(join(lab.data, 'pki')).issue(
    {
      name: `shown-${authority}-${name}`,
      authority,
      commonName: name,
      dnsNames: [name],
      uriNames: [],
      ipAddresses: [],
      purposes: ['serverAuth', 'clientAuth'],
      keyType: 'p256',
      validSeconds: 3600,
    },
    Date.now(),
  )
  const { address, port } = listener
  return rawPeer(t, { address, port, transport: 'tls', certificate: { certificate: chainPem, key: keyPem } })
}

/** A peer without a certificate, signed in. */
export async function userAt(
  t: Test,
  lab: TestLab,
  login: string,
  at: string,
  transport: RawTransport = 'tls',
): Promise<User> {
  const account = lab.ready.users.find((each) => each.login === login)
  if (account === undefined) throw new Error(`no user ${login}`)
  const { uri, password } = account
  const peer = await strangerAt(t, lab, at, transport)
  const domain = uri.slice(uri.indexOf('@') + 1)
  const contact = peer.contact.replace('sip:raw@', `sip:${login}@`)
  const { status } = await peer.prove(
    { method: 'REGISTER', uri: `sip:${domain}`, from: uri, to: uri, contact, headers: ['Expires: 600'] },
    login,
    password,
  )
  if (status !== 200) throw new Error(`${login} could not sign in at ${at}: ${status}`)
  return Object.assign(Object.create(peer) as RawPeer, { uri, login, password, contact })
}

export interface Dialog {
  readonly callId: string
  /** Of the callee. */
  readonly toTag: string
  readonly remoteTarget: string
  /** `Route: <…>` lines of the caller. */
  readonly routes: readonly string[]
  /** `Route: <…>` lines of the callee. */
  readonly routesOfCallee: readonly string[]
  readonly answer: SipResponse
}

let calls = 0

/** `caller` calls `callee`, who answers at once, and acknowledges. */
export async function call(caller: User, callee: User): Promise<Dialog> {
  const callId = `call-${process.pid}-${++calls}`
  const invite = { method: 'INVITE', uri: callee.uri, from: caller.uri, contact: caller.contact, callId }
  const answer = await caller.prove(invite, caller.login, caller.password)
  if (answer.status !== 200)
    throw new Error(`the call got ${answer.status} ${answer.header('ms-diagnostics') ?? 'without diagnostics'}`)
  const arrived = await callee.next(({ method, callId: found }) => method === 'INVITE' && found === callId)
  const recorded = answer.addresses('Record-Route').map(({ text }) => `Route: ${text}`)
  const dialog = {
    callId,
    toTag: answer.toTag ?? '',
    remoteTarget: answer.addresses('Contact')[0]?.uri.text ?? '',
    routes: recorded.toReversed(),
    routesOfCallee: arrived.addresses('Record-Route').map(({ text }) => `Route: ${text}`),
    answer,
  }
  caller.say({ ...inside(dialog, 'ACK', caller, callee), cseq: answer.cseq })
  await callee.next(({ method, callId: found }) => method === 'ACK' && found === callId)
  return dialog
}

/** A request of the caller inside a dialog. */
export function inside(
  { callId, toTag, remoteTarget, routes }: Dialog,
  method: string,
  caller: Pick<User, 'uri'>,
  callee: Pick<User, 'uri'>,
): RawRequest & { readonly callId: string } {
  return {
    method,
    uri: remoteTarget,
    from: caller.uri,
    to: callee.uri,
    toTag,
    callId,
    headers: routes,
    cseq: ++calls + 10,
  }
}

/** A request of the callee inside a dialog. */
export function back(
  { callId, toTag, routesOfCallee }: Dialog,
  method: string,
  caller: Pick<User, 'uri' | 'contact'>,
  callee: Pick<User, 'uri'>,
): RawRequest & { readonly callId: string } {
  return {
    method,
    uri: caller.contact,
    from: callee.uri,
    fromTag: toTag,
    to: caller.uri,
    toTag: 'raw',
    callId,
    headers: routesOfCallee,
    cseq: ++calls + 10,
  }
}

/** A message from `sender` arrives, and before it nothing else has. */
export async function nothingButAMarker(t: Test, at: RawPeer, to: string, sender: User): Promise<void> {
  const body = `marker ${++calls}`
  const { status } = await sender.prove(
    { method: 'MESSAGE', uri: to, from: sender.uri, body },
    sender.login,
    sender.password,
  )
  t.equal(status, 200, 'a lawful message gets through')
  const arrived = await at.next()
  t.ok(arrived.text.endsWith(body), `the marker comes first, found ${arrived.method} from ${arrived.header('From')}`)
  t.equal(at.waiting, 0, 'and nothing behind it')
}

export interface Sink {
  readonly address: string
  readonly port: number
  readonly connections: () => number
}

/** A host that nobody may be sent to. */
export async function sink(t: Test): Promise<Sink> {
  let connections = 0
  const server = createServer((socket) => {
    connections++
    socket.destroy()
  })
  t.teardown(() => server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('no port')
  return { address: '127.0.0.1', port: address.port, connections: () => connections }
}
