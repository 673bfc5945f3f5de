/** The phones of a scenario: one a user, opened at its first sign-in, closed at the end. */
import { dialledUri } from '../../phone/dialled.ts'
import { readFileSync } from 'node:fs'
import { openPhone, PhoneError, type Call, type OutgoingCall, type Phone, type PhoneTarget } from '../../phone/index.ts'
import { systemClock } from '../../sip/clock.ts'
import { createResolver } from '../../sip/transport/dial/resolver.ts'
import type { HeaderField } from '../../sip/message/types.ts'
import { LabError } from '../lab-error.ts'
import { internalRoot } from '../provision.ts'
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

const answerMs = 8000

export class ScenarioPhones {
  readonly #lab: DrivenLab
  readonly #phones = new Map<string, Phone>()
  readonly #calls = new Map<string, OutgoingCall>()

  constructor(lab: DrivenLab) {
    this.#lab = lab
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
    await Promise.all([...this.#phones.values()].map((phone) => phone.close()))
  }

  async #do(step: PhoneStep): Promise<PhoneOutcome> {
    switch (step.does) {
      case 'sign-in':
        return this.#signIn(step)
      case 'sign-out':
        await this.#phoneOf(step.user).signOut()
        return { status: 200, sentence: `${step.user} signed out` }
      case 'message':
        return this.#message(step)
      case 'call':
        return this.#call(step)
      case 'hang-up':
        return this.#hangUp(step.user)
      default:
        return step.does satisfies never
    }
  }

  async #signIn({ user, at = '', over, answersWith = {} }: PhoneStep): Promise<PhoneOutcome> {
    await this.#phones.get(user)?.close()
    this.#phones.delete(user)
    const phone = this.#open(user, at, over, Object.entries(answersWith))
    this.#phones.set(user, phone)
    const { target } = await phone.signIn()
    return {
      status: 200,
      sentence: `${user} signed in at ${endpointText(target.host, target.port)} over ${target.transport}`,
    }
  }

  async #message({
    user,
    to = '',
    text = 'hello',
    headers = {},
    arrivesWith = {},
    returnsWith = {},
  }: PhoneStep): Promise<PhoneOutcome> {
    const answer = await this.#phoneOf(user).message(this.#uriOf(to), text, Object.entries(headers))
    const { status, diagnostics } = answer
    const arrived = await this.#phones.get(to)?.nextMessage((message) => message.text === text)
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

  async #call({ user, to = '' }: PhoneStep): Promise<PhoneOutcome> {
    const call = this.#phoneOf(user).call(this.#dialled(to, user))
    this.#calls.set(user, call)
    const other = this.#phones.get(to)
    const ringing = other?.nextCall()
    const answered = ringing?.then((incoming) => incoming.answer())
    // When the call fails its own error is told; that nothing rang follows from it.
    answered?.catch(() => undefined)
    await call.established
    await answered
    return { status: 200, sentence: `${user} and ${to} are connected` }
  }

  /** The call that user placed, else one that came in. */
  async #hangUp(user: string): Promise<PhoneOutcome> {
    const call: Call | undefined =
      this.#calls.get(user) ?? this.#phones.get(user)?.calls.find(({ direction }) => direction === 'incoming')
    if (call === undefined)
      throw new LabError('usage', 'scenario.call', `${user} has no call to hang up; an earlier step must call`)
    this.#calls.delete(user)
    await call.hangUp()
    return { status: 200, sentence: `${user} hung up` }
  }

  #phoneOf(user: string): Phone {
    const phone = this.#phones.get(user)
    if (phone === undefined)
      throw new LabError(
        'usage',
        'scenario.phone',
        `${user} never signed in; an earlier step must: phone: { user: ${user}, does: sign-in, at: NODE }`,
      )
    return phone
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

  #open(user: string, at: string, over: PhoneStep['over'], answerHeaders: readonly HeaderField[]): Phone {
    const { ready } = this.#lab
    const account = this.#accountOf(user)
    const { target, root } = phoneTarget(this.#lab, at, over)
    const { address, port } = ready.dns.internal
    return openPhone({
      user: account.login,
      domain: account.uri.slice(account.uri.indexOf('@') + 1),
      password: account.password,
      target,
      answerMs,
      answerHeaders,
      ...(root === undefined ? {} : { ca: [readFileSync(root, 'utf8')] }),
      resolver: createResolver({ clock: systemClock, servers: [endpointText(address, port)] }),
    })
  }
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
  { ready, plan }: DrivenLab,
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
