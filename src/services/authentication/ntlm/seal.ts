/**
 * Signs what goes to a client that signed in by NTLM, the last thing before the flow takes the text, and checks the
 * signature of its responses ([MS-SIPAE] 3.2.5.2, 3.3.5.2). Without an association nothing is read or written.
 */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../../../sip/clock.ts'
import { MessageError } from '../../../sip/message/message-error.ts'
import { parseOwn } from '../../../sip/message/parse.ts'
import type { SipMessage, SipRequest, SipResponse } from '../../../sip/message/types.ts'
import { addressOfRecord } from '../../../sip/message/uri.ts'
import type { Flow } from '../../../sip/transport/flow.ts'
import { readAuthorization } from '../scheme.ts'
import { type Association, type Associations, isNewNumber } from './associations.ts'
import { endpointOf, isSignedFlow, mayBeSigned } from './endpoint.ts'
import { isSignature, signatureOf, signedText } from './signature.ts'

export interface SealOptions {
  readonly associations: Associations
  readonly realm: string
  /** FQDN of this server: the `targetname`. */
  readonly self: string
  readonly clock: Clock
}

export class NtlmSeal {
  readonly #options: SealOptions

  constructor(options: SealOptions) {
    this.#options = options
  }

  /** The text as it goes out: with a signature where the client it is for expects one. */
  sealed(text: string, flow: Flow): string {
    if (this.#options.associations.size === 0 || !mayBeSigned(flow)) return text
    try {
      const message = parseOwn(text)
      return message.kind === 'request' ? this.#request(text, message) : this.#response(text, message)
    } catch (error) {
      // What cannot be read goes out as it is, and its receiver says so.
      if (error instanceof MessageError) return text
      throw error
    }
  }

  /** Why a response of a client does not count; undefined: it does. */
  refuses(response: SipResponse, flow: Flow): string | undefined {
    const { associations, clock, realm, self } = this.#options
    if (associations.size === 0 || !mayBeSigned(flow)) return undefined
    const authorization = readAuthorization(response.header('Authorization') ?? '')
    if (authorization?.scheme !== 'ntlm') return isSignedFlow(flow) && response.status >= 200 ? unsigned : undefined
    const { parameters } = authorization
    const association = associations.byOpaque(parameters.get('opaque') ?? '', clock.now())
    if (association?.aor !== addressOfRecord(response.toUri)) return 'auth.association-unknown'
    const [rand = '', num = ''] = [parameters.get('crand'), parameters.get('cnum')]
    const text = signedText(response, { rand, num, realm, target: self, version: association.version })
    if (!isSignature(association.client, text, parameters.get('response') ?? '')) return 'auth.bad-signature'
    return isNewNumber(association, num) ? undefined : 'auth.replayed'
  }

  #request(text: string, request: SipRequest): string {
    const { associations, clock } = this.#options
    const now = clock.now()
    const epid = request.to.parameters.get('epid')
    const aor = addressOfRecord(request.toUri)
    const association =
      associations.byUri(request.requestUri, aor, now) ??
      (epid === undefined ? undefined : associations.byEndpoint(aor, epid, now))
    return association === undefined ? text : this.#signed(text, request, association)
  }

  #response(text: string, response: SipResponse): string {
    // A challenge begins a new association; a provisional answer is not looked at.
    if (response.status < 200 || response.status === 401) return text
    const { associations, clock } = this.#options
    const from = addressOfRecord(response.fromUri)
    const association = associations.byEndpoint(from, endpointOf(response), clock.now())
    if (association === undefined) return text
    const signed = this.#signed(text, response, association)
    if (response.method === 'REGISTER' && response.status < 300) this.#learn(association, response)
    return signed
  }

  /** Where the endpoint is reached from now on; after its sign-off it is not. */
  #learn(association: Association, response: SipResponse): void {
    const uris = urisOf(response, association)
    if (uris.length === 0) this.#options.associations.remove(association)
    else this.#options.associations.reach(association, uris)
  }

  #signed(text: string, message: SipMessage, association: Association): string {
    const { realm, self } = this.#options
    const rand = randomBytes(4).toString('hex')
    const num = String(++association.sent)
    const { version, own, opaque } = association
    const signature = signatureOf(own, signedText(message, { rand, num, realm, target: self, version }))
    const end = message.bodyStart - 2
    const head = text.slice(0, end)
    return (
      `${message.header('Authentication-Info') === undefined ? head : withoutOthers(head)}` +
      `Authentication-Info: NTLM rspauth="${signature}", srand="${rand}", snum="${num}", opaque="${opaque}", ` +
      `qop="auth", targetname="${self}", realm="${realm}"\r\n${text.slice(end)}`
    )
  }
}

const unsigned = 'auth.unsigned'

/** Another server's word about another association. */
function withoutOthers(head: string): string {
  return head.replace(/^authentication-info[ \t]*:.*\r\n(?:[ \t].*\r\n)*/gim, '')
}

/**
 * Of the bindings in a 200 to REGISTER those of this endpoint: the Contact, and the GRUU made for it. After its
 * sign-off the others are left, even if it is one alone.
 */
function urisOf(response: SipResponse, { instance }: Association): readonly string[] {
  if (response.header('Expires')?.trim() === '0') return []
  const contacts = response.addresses('Contact')
  const isOwn = (named: string | undefined): boolean =>
    named === instance || (instance === undefined && contacts.length === 1)
  const own = contacts.filter(({ parameters }) => isOwn(parameters.get('+sip.instance')))
  return own.flatMap(({ uri, parameters }) => {
    const gruu = parameters.get('gruu')
    return gruu === undefined ? [uri.text] : [uri.text, gruu]
  })
}
