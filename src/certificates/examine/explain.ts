/** Faults as verdicts: the first cause carries all the others. */
import type { Verdict, VerdictCertificate } from '../verdict.ts'
import { caSentence, verdict } from '../verdict-codes.ts'
import type { Certificate } from './certificate.ts'
import type { Examination } from './examine.ts'
import type { Fault } from './faults.ts'
import { generalNameText } from './general-name.ts'

/** Who saw it: `{ node: 'director', link: 'director->fe1', direction: 'outgoing' }`. */
export interface Observer {
  readonly node?: string
  readonly link?: string
  readonly direction?: 'outgoing' | 'incoming'
}

/** One fault in the words of the table of codes, with what was found and wanted here. */
export function explain(fault: Fault, observer: Observer = {}): Verdict {
  const clock =
    observer.node !== undefined && (fault.field === 'notAfter' || fault.field === 'notBefore')
      ? ` by the clock of ${observer.node}`
      : ''
  const shown = fault.certificate === undefined ? undefined : verdictCertificate(fault.certificate)
  const aboutCa = fault.index > 0 && shown !== undefined ? caSentence(fault.code, shown.subject) : undefined
  return verdict(fault.code, {
    ...(aboutCa === undefined ? {} : { message: aboutCa }),
    found: `${fault.role} ${fault.field}: ${fault.found}${clock}`,
    rule: fault.rule,
    ...(shown === undefined ? {} : { certificate: shown }),
    ...observer,
  })
}

/**
 * The joined verdict of an examination: its first fault, the further ones in `others`. Absent when there is no fault at
 * all.
 */
export function toVerdict(examination: Examination, observer: Observer = {}): Verdict | undefined {
  const [first, ...rest] = examination.faults
  if (first === undefined) return undefined
  const others = rest.map((fault) => explain(fault, observer))
  return { ...explain(first, observer), ...(others.length === 0 ? {} : { others }) }
}

/** A verdict goes into every log line about a link: names beyond these are counted, not listed. */
const shownNames = 200
const shownCharacters = 1000

/** A certificate as verdicts show it, read by our own reader: it also works where Node refuses to parse. */
export function verdictCertificate(certificate: Certificate): VerdictCertificate {
  const names = certificate.subjectAltNames ?? []
  const more = names.length > shownNames ? [`and ${names.length - shownNames} more`] : []
  return {
    subject: certificate.subject.text.slice(0, shownCharacters),
    issuer: certificate.issuer.text.slice(0, shownCharacters),
    subjectAltNames: [
      ...names.slice(0, shownNames).map((name) => generalNameText(name).slice(0, shownCharacters)),
      ...more,
    ],
    serial: certificate.serial.hex,
    serialReversed: certificate.serial.reversed,
    notBefore: new Date(certificate.notBefore.at).toISOString(),
    notAfter: new Date(certificate.notAfter.at).toISOString(),
    fingerprint: certificate.fingerprint,
  }
}
