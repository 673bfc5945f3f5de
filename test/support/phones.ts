/** sip.js phones of a running lab, each signed in nowhere yet and closed when its test ends. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { openPhone, type Phone, type PhoneSettings, type PhoneTransportName } from '../../src/phone/index.ts'
import { systemClock } from '../../src/sip/clock.ts'
import { createResolver } from '../../src/sip/transport/dial/resolver.ts'
import type { TestLab } from './lab.ts'

export interface LabPhoneOptions extends Partial<Omit<PhoneSettings, 'target'>> {
  /** `edge`: the external face of the access proxy; any other node: its internal one. */
  readonly at: string
  readonly transport: PhoneTransportName
}

/** Nothing is measured by it: a busy machine answers later than a person would wait. */
const answerMs = 30_000

/** `phoneOf(t, lab, 'alice', { at: 'edge', transport: 'tls' })` */
export function phoneOf(t: Test, lab: TestLab, user: string, { at, transport, ...settings }: LabPhoneOptions): Phone {
  const account = lab.ready.users.find(({ login }) => login === user)
  if (account === undefined) throw new Error(`no user ${user} in the lab`)
  const node = lab.node(at)
  const face = node.role === 'access-proxy' ? 'external' : 'internal'
  const listener = node.listeners.find(
    (each) => each.face === face && each.transport === transport && each.mutual !== 'required',
  )
  if (listener === undefined) throw new Error(`${at} has no ${transport} listener for phones on its ${face} face`)
  const domain = account.uri.slice(account.uri.indexOf('@') + 1)
  const root = face === 'external' ? lab.ready.trust.public : internalRoot(lab, node.fqdn)
  const { internal } = lab.ready.dns
  const phone = openPhone({
    user,
    domain,
    password: account.password,
    target: {
      host: face === 'external' ? `sip.${domainOf(node.fqdn)}` : node.fqdn,
      address: listener.address,
      port: listener.port,
      transport,
    },
    ...(root === undefined ? {} : { ca: [readFileSync(root, 'utf8')] }),
    answerMs,
    resolver: createResolver({ clock: systemClock, servers: [`${internal.address}:${internal.port}`] }),
    ...settings,
  })
  t.teardown(() => phone.close())
  return phone
}

/** Each organisation has an internal authority of its own: the first one's stands in the ready document. */
function internalRoot(lab: TestLab, fqdn: string): string | undefined {
  const { internal } = lab.ready.trust
  const domain = domainOf(fqdn)
  return domain === lab.ready.domain ? internal : join(lab.data, 'pki', domain, 'internal-root.pem')
}

function domainOf(fqdn: string): string {
  return fqdn.slice(fqdn.indexOf('.') + 1)
}
