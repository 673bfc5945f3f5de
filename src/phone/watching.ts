/** Presence at a phone: a subscription of its own (RFC 6665, RFC 3856), and what its user publishes (RFC 3903). */
import { Core, type URI, type UserAgent } from 'sip.js'
import { answered, readAnswer } from './answered.ts'
import { within } from './deadline.ts'
import type { CallHome } from './call.ts'
import { PhoneError, type PhoneAnswer } from './phone-error.ts'
import type { Watch } from './types.ts'

/** What a phone brings to a subscription. */
export interface WatchHome extends CallHome {
  readonly agent: UserAgent
}

/**
 * Resolves with the first NOTIFY: only then is there a dialog (RFC 6665 §4.4.1).
 *
 * @param onDocument each document as it comes, the first included
 * @throws PhoneError when the SUBSCRIBE is refused, or no NOTIFY follows its 2xx
 */
export async function watch(
  home: WatchHome,
  target: URI,
  expiresSeconds: number,
  onDocument: (body: string) => void,
): Promise<Watch> {
  const { agent, line, clock, answerMs } = home
  const of = target.toString()
  const what = `SUBSCRIBE ${of}`
  const { delegate, accepted } = answered(what, line)
  const begun = Promise.withResolvers<Core.Subscription>()
  begun.promise.catch(() => undefined)
  const take = (request: Core.IncomingNotifyRequest): void => {
    void request.accept()
    if (request.message.body !== '') onDocument(request.message.body)
  }
  const core = agent.userAgentCore
  const request = core.subscribe(subscribeMessage(agent, target, expiresSeconds), {
    ...delegate,
    onNotify({ request: notify, subscription }) {
      if (subscription === undefined) {
        void notify.accept()
        return begun.reject(new PhoneError('phone.not-so', `${what}: its first NOTIFY ended the subscription`))
      }
      subscription.delegate = { onNotify: take }
      take(notify)
      begun.resolve(subscription)
    },
  })
  try {
    await within(clock, answerMs, what, accepted)
    return new DialogWatch(home, of, await within(clock, answerMs, `the first NOTIFY of ${what}`, begun.promise))
  } catch (error) {
    request.waitNotifyStop()
    throw error
  }
}

/**
 * One PUBLISH; `etag` replaces what was published under it (RFC 3903 §4.4).
 *
 * @param document undefined removes what was published under `etag` (RFC 3903 §4.5)
 * @throws PhoneError
 */
export async function publish(
  { agent, line, clock, answerMs }: WatchHome,
  document: string | undefined,
  etag: string | undefined,
): Promise<PhoneAnswer> {
  const { uri } = agent.configuration
  const core = agent.userAgentCore
  const expires = document === undefined ? 0 : 3600
  const headers = ['Event: presence', `Expires: ${expires}`, ...(etag === undefined ? [] : [`SIP-If-Match: ${etag}`])]
  const body =
    document === undefined
      ? undefined
      : { contentDisposition: 'render', contentType: 'application/pidf+xml', content: document }
  const what = `PUBLISH ${uri.toString()}`
  const { delegate, accepted } = answered(what, line)
  core.publish(core.makeOutgoingRequestMessage('PUBLISH', uri, uri, uri, {}, headers, body), delegate)
  return readAnswer(await within(clock, answerMs, what, accepted))
}

function subscribeMessage(agent: UserAgent, target: URI, expiresSeconds: number): Core.OutgoingRequestMessage {
  const core = agent.userAgentCore
  const headers = [
    'Event: presence',
    'Accept: application/pidf+xml',
    `Expires: ${expiresSeconds}`,
    `Contact: ${agent.contact.toString()}`,
  ]
  return core.makeOutgoingRequestMessage('SUBSCRIBE', target, agent.configuration.uri, target, {}, headers)
}

class DialogWatch implements Watch {
  readonly of: string
  readonly #home: WatchHome
  readonly #dialog: Core.Subscription

  constructor(home: WatchHome, of: string, dialog: Core.Subscription) {
    this.#home = home
    this.of = of
    this.#dialog = dialog
  }

  get active(): boolean {
    return this.#dialog.subscriptionState !== Core.SubscriptionState.Terminated
  }

  async refresh(): Promise<PhoneAnswer> {
    const { line, clock, answerMs } = this.#home
    const what = `SUBSCRIBE ${this.of}`
    if (!this.active) throw new PhoneError('phone.not-so', `${what}: the subscription has ended`)
    const { delegate, accepted } = answered(what, line)
    this.#dialog.refresh().delegate = delegate
    return readAnswer(await within(clock, answerMs, what, accepted))
  }

  end(): void {
    if (this.active) this.#dialog.unsubscribe()
  }
}
