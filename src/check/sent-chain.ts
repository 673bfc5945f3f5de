/** What a server sent beside the path that was built here, and what it left out: other peers may stumble over both. */
import { X509Certificate } from 'node:crypto'
import type { Examination } from '../certificates/examine/index.ts'
import type { CheckLog } from './check-log.ts'
import { note, warning } from './step.ts'

/** What was sent beside the path: expired or useless certificates; and what was left out of it. */
export function sentFindings(log: CheckLog, chain: readonly Buffer[], { path }: Examination, now: number): void {
  const missing = path
    .slice(1)
    .filter(({ der }) => !isRoot(readOrUndefined(der)) && !chain.some((sent) => sent.equals(der)))
  if (missing.length > 0)
    log.put(
      'certificate.sent',
      'what the server left out',
      warning('chain.incomplete', {
        message: `The server did not send ${missing.map(({ subject }) => subject.text).join(', ')}`,
        found: 'this check knows that CA and could complete the chain; a peer that knows only the root cannot',
        fix: 'send the certificate of the server and then its issuers, without the root',
      }),
    )
  for (const der of chain.filter((der) => !path.some((one) => one.der.equals(der)))) putExtra(log, der, now)
}

function putExtra(log: CheckLog, der: Buffer, now: number): void {
  const extra = readOrUndefined(der)
  if (extra === undefined) return
  const ended = new Date(extra.validTo)
  const title = 'a certificate that the chain does not need'
  const subject = extra.subject.replaceAll('\n', ', ')
  if (ended.getTime() < now)
    return log.put(
      'certificate.extra',
      title,
      warning('chain.expired', {
        message: `The server also sends the CA certificate ${subject}, which has expired`,
        found: `ended ${ended.toISOString()}; old peers follow it and refuse the chain`,
        fix: 'remove it from the certificate file of the server',
      }),
    )
  const root = isRoot(extra)
  log.put(
    'certificate.extra',
    title,
    note(root ? 'file.root-included' : 'chain.out-of-order', {
      message: root ? `The server sends its root ${subject}` : `The server sends ${subject}, which is not in the path`,
      fix: 'remove it from the certificate file of the server',
    }),
  )
}

/** By its signature: a certificate that only bears the name of its issuer was signed by another key. */
function isRoot(certificate: X509Certificate | undefined): boolean {
  return (
    certificate !== undefined && certificate.subject === certificate.issuer && certificate.verify(certificate.publicKey)
  )
}

function readOrUndefined(der: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(der)
  } catch (error) {
    // What OpenSSL cannot read is judged by the examiner, not here.
    if (error instanceof Error) return undefined
    throw error
  }
}
