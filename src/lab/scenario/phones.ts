/** The phones of a scenario: one a user, opened at its first sign-in, closed at the end. */
import { examinerProfile } from '../../certificates/examine/profiles.ts'
import { dialledUri } from '../../phone/dialled.ts'
import { readFileSync } from 'node:fs'
import { PhoneError, type Call, type OutgoingCall, type Phone, type PhoneTarget } from '../../phone/index.ts'
import { systemClock } from '../../sip/clock.ts'
import { createResolver } from '../../sip/transport/dial/resolver.ts'
import { LabError } from '../lab-error.ts'
import { internalRoot } from '../provision.ts'
import { SipClient, type ScenarioClient } from './client.ts'
import { CommunicatorClient } from './communicator-client.ts'
import type { DrivenLab } from './driver.ts'
import type { PhoneStep } from './format.ts'
import { endpointText } from '../../sip/message/endpoint.ts'

export interface PhoneOutcome {
  /** SIP status of the answer; absent when there was none. */
  readonly status?: number
  /** Value of `ms-diagnostics`. */
  readonly diagnostics?: string
  /** Why there was no answer, or not a good one: a code of PhoneError. */
  readonly code?: string
  /** Header fields that are not as the step wants them, in one sentence; absent: all are. */
  readonly amiss?: string
  /** For people. */
  readonly sentence: string
}

/** A server that asks a DNS server in vain answers after 6 s; on a busy machine later. */
const answerMs = 20_000

export class ScenarioPhones {
  readonly #lab: Pick<DrivenLab, 'plan' | 'ready'>
  readonly #environment: Readonly<Record<string, string | undefined>>
  readonly #clients = new Map<string, ScenarioClient>()
  readonly #calls = new Map<string, OutgoingCall>()

  /** @param environment of programs that are clients */
  constructor(lab: Pick<DrivenLab, 'plan' | 'ready'>, environment: Readonly<Record<string, string | undefined>>) {
    this.#lab = lab
    this.#environment = environment
  }

  /** What became of one step; a refusal and a lost connection are outcomes. */
  async act(step: PhoneStep): Promise<PhoneOutcome> {
    try {
      return await this.#do(step)
    } catch (error) {
      if (!(error instanceof PhoneError)) throw error
      const { status, diagnostics, code, message } = error
      return {
        ...(status === undefined ? {} : { status }),
        ...(diagnostics === undefined ? {} : { diagnostics }),
        code,
        sentence: message,
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.close()))
  }

  async #do(step: PhoneStep): Promise<PhoneOutcome> {
    switch (step.does) {
      case 'sign-in':
        return this.#signIn(step)
      case 'sign-out':
        await this.clientOf(step.user).signOut()
        return { status: 200, sentence: `${step.user} signed out` }
      case 'message':
        return this.#message(step)
      case 'buddy':
        return this.#buddy(step)
      case 'presence':
        return this.#publish(step)
      case 'search':
        return this.#search(step)
      case 'call':
        return this.#call(step)
      case 'hang-up':
        return this.#hangUp(step.user)
      default:
        return step.does satisfies never
    }
  }

  async #signIn(step: PhoneStep): Promise<PhoneOutcome> {
    const { user } = step
    await this.#clients.get(user)?.close()
    this.#clients.delete(user)
    const client = this.#open(step)
    this.#clients.set(user, client)
    return { status: 200, sentence: `${user} signed in at ${await client.signIn()}` }
  }

  async #message({
    user,
    to = '',
    text = 'hello',
    headers = {},
    arrivesWith = {},
    returnsWith = {},
  }: PhoneStep): Promise<PhoneOutcome> {
    const answer = await this.clientOf(user).message(this.#uriOf(to), text, Object.entries(headers))
    const { status, diagnostics } = answer
    const arrived = await this.#clients.get(to)?.received(text)
    const amiss = [
      ...(arrived === undefined ? [] : differences('it arrives', arrivesWith, arrived)),
      ...differences('the answer comes', returnsWith, answer),
    ].join('; ')
    return {
      status,
      ...(diagnostics === undefined ? {} : { diagnostics }),
      ...(amiss === '' ? {} : { amiss }),
      sentence: `${to} got the message`,
    }
  }

  /** With `within` it is looked at again until the status is the wanted one. */
  async #buddy({ user, to = '', sees, seesNote }: PhoneStep): Promise<PhoneOutcome> {
    const client = this.clientOf(user)
    const uri = this.#uriOf(to)
    await client.buddy(uri)
    const seen = client.sees(uri)
    const text = seen === undefined ? 'nothing' : [seen.status, seen.note].filter((part) => part !== '').join(', ')
    const isGood = (sees ?? seen?.status) === seen?.status && (seen?.note ?? '').includes(seesNote ?? '')
    const wanted = [sees, seesNote].filter((part) => part !== undefined).join(', ')
    return {
      status: 200,
      ...(isGood ? {} : { amiss: `wanted ${wanted}` }),
      sentence: `${user} sees ${text} of ${to}`,
    }
  }

  async #publish({ user, status = '', note = '' }: PhoneStep): Promise<PhoneOutcome> {
    await this.clientOf(user).publish({ status, note })
    return { status: 200, sentence: `${user} shows ${status}` }
  }

  async #search({ user, text = '', finds }: PhoneStep): Promise<PhoneOutcome> {
    const found = [...(await this.clientOf(user).search(text))].sort()
    const wanted = finds?.map((one) => this.#uriOf(one)).sort()
    const isGood = wanted === undefined || wanted.join(' ') === found.join(' ')
    return {
      status: 200,
      ...(isGood ? {} : { amiss: `wanted ${wanted.join(', ') || 'no one'}` }),
      sentence: `${user} found ${found.join(', ') || 'no one'}`,
    }
  }

  async #call({ user, to = '' }: PhoneStep): Promise<PhoneOutcome> {
    const call = this.#phoneOf(user).call(this.#dialled(to, user))
    this.#calls.set(user, call)
    const other = this.#clients.get(to)
    const ringing = other instanceof SipClient ? other.phone.nextCall() : undefined
    const answered = ringing?.then((incoming) => incoming.answer())
    // When the call fails its own error is reported; that nothing rang follows from it.
    answered?.catch(() => undefined)
    await call.established
    await answered
    return { status: 200, sentence: `${user} and ${to} are connected` }
  }

  /** The call that user placed, else one that came in. */
  async #hangUp(user: string): Promise<PhoneOutcome> {
    const call: Call | undefined =
      this.#calls.get(user) ?? this.#phoneOf(user).calls.find(({ direction }) => direction === 'incoming')
    if (call === undefined)
      throw new LabError('usage', 'scenario.call', `${user} has no call to hang up; an earlier step must call`)
    this.#calls.delete(user)
    await call.hangUp()
    return { status: 200, sentence: `${user} hung up` }
  }

  /** The client that a user signed in with. */
  clientOf(user: string): ScenarioClient {
    const client = this.#clients.get(user)
    if (client === undefined)
      throw new LabError(
        'usage',
        'scenario.phone',
        `${user} never signed in; an earlier step must: phone: { user: ${user}, does: sign-in, at: NODE }`,
      )
    return client
  }

  #phoneOf(user: string): Phone {
    const client = this.clientOf(user)
    if (client instanceof SipClient) return client.phone
    throw new LabError('usage', 'scenario.phone', `${user} uses a Communicator client, which siplab gives no voice`)
  }

  /** A user, a SIP URI, or a number as `siplab phone` takes it. */
  #dialled(to: string, from: string): string {
    if (!/^(?:tel:|[+\d*#])/i.test(to)) return this.#uriOf(to)
    const { uri } = this.#accountOf(from)
    return dialledUri(to, uri.slice(uri.indexOf('@') + 1)) ?? to
  }

  #uriOf(to: string): string {
    return to.startsWith('sip:') ? to : this.#accountOf(to).uri
  }

  #accountOf(login: string) {
    const account = this.#lab.ready.users.find((user) => user.login === login)
    if (account === undefined)
      throw new LabError(
        'usage',
        'scenario.user',
        `no user ${login} in the lab; there are ${this.#lab.ready.users.map((user) => user.login).join(', ')}`,
      )
    return account
  }

  #open({ user, at = '', over, client, root: added = true, answersWith = {} }: PhoneStep): ScenarioClient {
    const { ready, plan } = this.#lab
    const account = this.#accountOf(user)
    const { target, root: file } = phoneTarget(this.#lab, at, over)
    const root = added ? file : undefined
    if (client === 'communicator') return this.#openCommunicator(account, target, root)
    const { address, port } = ready.dns.internal
    return new SipClient({
      user: account.login,
      domain: account.uri.slice(account.uri.indexOf('@') + 1),
      password: account.password,
      target,
      answerMs,
      nameRules: examinerProfile(plan.profile.name).nameRules,
      answerHeaders: Object.entries(answersWith),
      ...(root === undefined ? {} : { ca: [readFileSync(root, 'utf8')] }),
      resolver: createResolver({ clock: systemClock, servers: [endpointText(address, port)] }),
    })
  }

  #openCommunicator(
    { uri, password }: { readonly uri: string; readonly password: string },
    { host, address, port, transport }: PhoneTarget,
    root: string | undefined,
  ): ScenarioClient {
    if (transport !== 'tcp' && transport !== 'tls')
      throw new LabError('usage', 'scenario.phone', `a Communicator client signs in over tls or tcp, not ${transport}`)
    return new CommunicatorClient({
      account: uri.slice('sip:'.length),
      password,
      server: `${host}:${port}`,
      transport,
      resolve: [`${host}=${address ?? host}`, ...namesOf(this.#lab, host)],
      ...(root === undefined ? {} : { ca: root }),
      environment: this.#environment,
    })
  }
}

/** Names that a server may send the client on to, by the DNS of the inside. */
function namesOf({ plan }: Pick<DrivenLab, 'plan'>, except: string): readonly string[] {
  const names = new Map<string, string>()
  for (const record of plan.dns.find(({ name }) => name === 'internal')?.records ?? [])
    if (record.kind === 'a' && record.name !== except && !names.has(record.name)) names.set(record.name, record.address)
  return [...names].map(([name, address]) => `${name}=${address}`)
}

function differences(
  what: string,
  wanted: Exclude<PhoneStep['arrivesWith'], undefined>,
  message: { header(name: string): string | undefined },
): readonly string[] {
  return Object.entries(wanted).flatMap(([name, value]) => {
    const found = message.header(name)
    const good = value === false ? found === undefined : found?.startsWith(value) === true
    return good ? [] : [`${what} with ${name}: ${found ?? 'nothing'}, wanted ${value === false ? 'none' : value}`]
  })
}

/**
 * Where a phone dials a node: at the access proxy the external face, trusting the public root; elsewhere the internal
 * one.
 */
function phoneTarget(
  { ready, plan }: Pick<DrivenLab, 'plan' | 'ready'>,
  at: string,
  over: PhoneStep['over'],
): { readonly target: PhoneTarget; readonly root: string | undefined } {
  const node = plan.nodes.find(({ name }) => name === at)
  if (node === undefined)
    throw new LabError(
      'usage',
      'scenario.node',
      `no node ${at} in the lab; there are ${plan.nodes.map(({ name }) => name).join(', ')}`,
    )
  const outside = node.role === 'access-proxy'
  const face = outside ? 'external' : 'internal'
  const listener = node.listeners.find(
    (each) => each.face === face && each.transport === over && each.mutual !== 'required',
  )
  if (listener === undefined)
    throw new LabError('usage', 'scenario.phone', `${at} has no ${over} listener for phones on its ${face} face`)
  const host = node.faces.find(({ name }) => name === face)?.fqdn ?? node.fqdn
  return {
    target: { host, address: listener.address, port: listener.port, transport: over },
    root: outside ? ready.trust.public : internalRoot(plan, ready.trust, node.organisation),
  }
}
