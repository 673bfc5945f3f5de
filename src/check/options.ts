/** Everything one walk needs beside its target; the command line or a test puts it together. */
import type { ExaminerProfile, ProfileName } from '../certificates/examine/profiles.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import type { Resolver } from '../sip/transport/dial/resolver.ts'
import type { OwnCertificate, TlsLimits } from './handshake.ts'
import type { CheckProfile } from './profiles.ts'

export interface Trust {
  /** PEM, one certificate each. */
  readonly anchors: readonly string[]
  /** Where they come from: `/etc/lab/root.pem`, `the system`, `the lab`. */
  readonly from: string
  /** The caller named the list. */
  readonly chosen: boolean
  /** Why the list could not be read whole. Empty: all is well. */
  readonly verdicts: readonly Verdict[]
}

/** The certificate and key with which the check dials. */
export interface OwnIdentity extends OwnCertificate {
  /** `edge`, or the name of the file. */
  readonly label: string
  /** Names under which the other end knows us; empty: unknown. */
  readonly names: readonly string[]
  /** What is wrong with the files themselves; such an identity is not shown. */
  readonly verdicts: readonly Verdict[]
}

export interface CheckOptions {
  readonly profile: CheckProfile
  /** By which rules the certificate is judged; absent: those of the profile. */
  readonly examiner?: ProfileName | ExaminerProfile
  readonly trust: Trust
  /** PEM, one CRL each. Empty: revocation is not checked. */
  readonly crls: readonly string[]
  readonly crlVerdicts: readonly Verdict[]
  /** The lists that the certificates name are fetched too. */
  readonly fetchCrls?: boolean
  /** DER of CAs that are known but not trusted: they make explanations better. */
  readonly known: readonly Buffer[]
  readonly own?: OwnIdentity
  readonly limits: TlsLimits
  readonly allowPartialTrustChain?: boolean
  /** No SNI, as servers of 2003 dialled. */
  readonly withoutSni?: boolean
  /** A PROXY header goes before every ClientHello, as from a balancer. */
  readonly proxyProtocol?: boolean
  /** DER: the certificate in the file of the server, to see whether the server shows it. */
  readonly serverFile?: Buffer
  /** Each wait, milliseconds. */
  readonly timeoutMs: number
  readonly resolver: Resolver
  readonly relaxedNaming: boolean
  /** Also a wrong certificate and, with a login, a wrong password. */
  readonly probe: boolean
  /** Milliseconds since 1970. */
  readonly now: () => number
}
