/** The CRLs of a request: which can be read, and what is to be said about the others. */
import { CertificateError } from './certificate-error.ts'
import { readCrl, type Crl } from './crl.ts'
import { everyone, type Finding } from './faults.ts'
import type { ExaminerProfile } from './profiles.ts'
import { crlDateProblem, crlFinding } from './revocation.ts'

const maxCrls = 256

export function readCrls(
  list: readonly Buffer[],
  profile: ExaminerProfile,
): { readonly readable: readonly Crl[]; readonly findings: readonly Finding[] } {
  const readable: Crl[] = []
  const findings: Finding[] = []
  for (const der of list.slice(0, maxCrls)) {
    const crl = readCrlOrProblem(der)
    const problem = typeof crl === 'string' ? crl : crlDateProblem(crl)
    if (typeof crl !== 'string' && (problem === undefined || profile.unreadableCrl === 'refuse')) readable.push(crl)
    if (problem === undefined) continue
    // A CRL that cannot be read says nothing: the lab fails closed, the rule books go on as if it were not there.
    const grade = typeof crl === 'string' && profile.unreadableCrl === 'refuse' ? 'path' : 'lint'
    const code = typeof crl !== 'string' && crl.nextUpdate === undefined ? 'crl.no-next-update' : 'crl.malformed'
    findings.push({ ...crlFinding(code, problem, 'a CRL in the form of RFC 5280 §5.1', everyone), grade })
  }
  return { readable, findings }
}

function readCrlOrProblem(der: Buffer): Crl | string {
  try {
    return readCrl(der)
  } catch (error) {
    if (error instanceof CertificateError) return error.message
    throw error
  }
}
