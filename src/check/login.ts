/**
 * What a user would do next: sign in, write to oneself, call an echo, sign out. Only when it was asked for, and one
 * attempt each.
 */
import { examinerProfile } from '../certificates/examine/profiles.ts'
import { openPhone, PhoneError, type Phone, type PhoneSettings } from '../phone/index.ts'
import { verdict } from '../verdicts/codes.ts'
import { isVerdictCode, type VerdictCode } from '../verdicts/codes.ts'
import type { Reached } from './check.ts'
import type { Done, CheckLog } from './check-log.ts'
import type { CheckOptions } from './options.ts'
import { failure, fine, fromVerdict, notTried, type Evidence, type Finding } from './step.ts'
import { endpointText } from '../sip/message/endpoint.ts'

export interface Credentials {
  readonly user: string
  readonly domain: string
  /** Name in the digest; absent: `user`. */
  readonly login?: string
  readonly password: string
}

/** Whom to call: a URI that answers by itself, or a second account that the check lets answer. */
export type Echo =
  | { readonly kind: 'uri'; readonly uri: string }
  | { readonly kind: 'account'; readonly account: Credentials }
  | { readonly kind: 'none' }

const titles = {
  'login.message': 'MESSAGE to oneself',
  'login.call': 'call to an echo: INVITE, 200, ACK, BYE',
  'login.sign-out': 'removal of our own Contact',
} as const

export async function loginStep(
  log: CheckLog,
  reached: Reached,
  who: Credentials,
  echo: Echo,
  options: CheckOptions,
): Promise<void> {
  await log.step('login', `sign-in of sip:${who.user}@${who.domain}`, async (inner) => {
    const phone = openPhone(phoneSettings(reached, who, options))
    try {
      await useAccount(inner, phone, reached, echo, options)
    } finally {
      await phone.close()
    }
    if (options.probe) await wrongPassword(inner, reached, who, options)
    const failed = inner.steps.find(({ outcome }) => outcome === 'failed')
    return { finding: failed ?? fine('Signing in, writing and signing out work.'), value: undefined }
  })
}

async function useAccount(
  log: CheckLog,
  phone: Phone,
  reached: Reached,
  echo: Echo,
  options: CheckOptions,
): Promise<void> {
  const signedIn = await attempt(log, 'login.register', `REGISTER ${phone.uri}`, async () => {
    const { target, redirects, contacts } = await phone.signIn()
    const where = endpointText(target.host, target.port)
    return fine(`Signed in at ${where}${redirects === 0 ? '' : ` (redirections: ${redirects})`}.`, {
      at: where,
      redirects,
      contacts: contacts.length,
    })
  })
  if (!signedIn) {
    for (const [id, title] of Object.entries(titles)) log.put(id, title, notTried('Not tried: the sign-in failed.'))
    return
  }
  await attempt(log, 'login.message', titles['login.message'], () => messageToOneself(phone))
  await callEcho(log, phone, reached, echo, options)
  await attempt(log, 'login.sign-out', titles['login.sign-out'], async () => {
    await phone.signOut()
    return fine('Our own Contact is removed; those of other devices stay.')
  })
}

async function messageToOneself(phone: Phone): Promise<Finding> {
  const text = `siplab check ${Math.random().toString(36).slice(2)}`
  const arrived = phone.nextMessage((message) => message.text === text)
  // The MESSAGE itself may fail first; then nothing awaits its arrival.
  arrived.catch(() => undefined)
  const { status, reason } = await phone.message(phone.uri, text)
  await arrived
  return fine(`Sent (${status} ${reason}) and received.`, { status })
}

async function callEcho(
  log: CheckLog,
  phone: Phone,
  reached: Reached,
  echo: Echo,
  options: CheckOptions,
): Promise<void> {
  if (echo.kind === 'none')
    return log.put(
      'login.call',
      titles['login.call'],
      notTried('Not tried: there is no user to call. Name a user with --echo URI.'),
    )
  if (echo.kind === 'uri')
    return void (await attempt(log, 'login.call', titles['login.call'], () => call(phone, echo.uri)))
  const other = openPhone({ ...phoneSettings(reached, echo.account, options), autoAnswer: true })
  try {
    await attempt(log, 'login.call', titles['login.call'], async () => {
      await other.signIn()
      return call(phone, other.uri)
    })
  } finally {
    await other.close()
  }
}

async function call(phone: Phone, uri: string): Promise<Finding> {
  const placed = phone.call(uri)
  await placed.established
  await placed.hangUp()
  return fine(`${uri} answered, and the call was ended with BYE.`, {
    callee: uri,
    provisional: placed.progress.map(String),
  })
}

/** One attempt with a password that cannot be right. */
async function wrongPassword(log: CheckLog, reached: Reached, who: Credentials, options: CheckOptions): Promise<void> {
  await log.step('probe.password', 'REGISTER with a wrong password', async (): Promise<Done<undefined>> => {
    const phone = openPhone(phoneSettings(reached, { ...who, password: `not ${who.password}` }, options))
    try {
      await phone.signIn()
      return { finding: failure('auth.wrong-password-accepted'), value: undefined }
    } catch (error) {
      if (!(error instanceof PhoneError)) throw error
      const refused = error.status === 401 || error.status === 403 || error.status === 407
      return {
        finding: refused
          ? fine(`Refused with ${error.status}, as it should be.`, { status: error.status ?? 0 })
          : findingOf(error),
        value: undefined,
      }
    } finally {
      await phone.close()
    }
  })
}

async function attempt(log: CheckLog, id: string, title: string, work: () => Promise<Finding>): Promise<boolean> {
  return log.step(id, title, async () => {
    try {
      return { finding: await work(), value: true }
    } catch (error) {
      if (!(error instanceof PhoneError)) throw error
      return { finding: findingOf(error), value: false }
    }
  })
}

function findingOf(error: PhoneError): Finding {
  const evidence: Evidence = {
    ...(error.status === undefined ? {} : { status: error.status }),
    ...(error.diagnostics === undefined ? {} : { diagnostics: error.diagnostics }),
  }
  if (error.verdict !== undefined) return fromVerdict(error.verdict, evidence)
  return fromVerdict(verdict(codeOf(error), { found: error.message }), evidence)
}

function codeOf({ code, status }: PhoneError): VerdictCode {
  if (isVerdictCode(code)) return code
  if (status === 401 || status === 407 || status === 403) return 'auth.refused'
  if (code === 'phone.timeout') return 'link.timeout'
  return 'sip.refused'
}

function phoneSettings(
  { candidate, place }: Reached,
  { user, domain, login, password }: Credentials,
  options: CheckOptions,
): PhoneSettings {
  const { trust, resolver, timeoutMs } = options
  return {
    user,
    domain,
    ...(login === undefined ? {} : { login }),
    password,
    target: {
      host: candidate.names[0] ?? candidate.host,
      address: place.address,
      port: place.port,
      transport: candidate.transport,
    },
    ca: trust.anchors,
    nameRules: examinerProfile(options.profile.examiner).nameRules,
    resolver,
    answerMs: timeoutMs,
    ringMs: timeoutMs * 2,
    expiresSeconds: 120,
    reconnect: false,
  }
}
