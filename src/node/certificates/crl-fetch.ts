/**
 * Fetches the revocation lists a node judges by from their distribution points, over HTTP as RFC 5280 §4.2.1.13 has it,
 * and puts them into its folder. Where the profile says `unreachable: stop`, an edge that cannot fetch one does not
 * start: OCS 2007 named that SIPPROXY_E_NO_DEFAULT_OUTGOING_CERT.
 */
import { lookup, Resolver } from 'node:dns/promises'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '../../certificates/atomic-files.ts'
import { downloadCrl } from '../../certificates/crl-download.ts'
import { toPem } from '../../certificates/der.ts'
import { CertificateError, readCrl } from '../../certificates/examine/index.ts'
import { verdict, type VerdictCode } from '../../verdicts/codes.ts'
import type { Verdict } from '../../verdicts/verdict.ts'
import type { NodePlan } from '../../topology/plan-types.ts'
import type { NodeFolder } from '../control/node-folder.ts'
import { endpointText } from '../../sip/message/endpoint.ts'
import { serviceOf } from '../cluster-names.ts'
import { isIPv6 } from 'node:net'

const withinMs = 3000

/** Servers at the border fetch; those inside got their lists with their certificates. */
export function fetchesCrls({ role, profile }: NodePlan): boolean {
  return role === 'access-proxy' && profile.crl.unreachable === 'stop'
}

/**
 * Every list above the certificates of the node: of the issuing CA and of its root.
 * `http://pki.lab.test:10080/internal-issuing.crl`.
 */
export function crlUrls({ certificates }: NodePlan): readonly string[] {
  return [...new Set(certificates.flatMap(({ crlUrl }) => [crlUrl, crlUrl.replace(/-issuing\.crl$/, '-root.crl')]))]
}

/**
 * Fetches all and keeps what came; the files of those that did not come stay as they were.
 *
 * @returns a verdict for each that could not be fetched or read
 */
export async function fetchCrls(plan: NodePlan, folder: Pick<NodeFolder, 'crl'>): Promise<readonly Verdict[]> {
  const found = await Promise.all(crlUrls(plan).map((url) => fetchOne(plan, folder, url)))
  return found.filter((each) => each !== undefined)
}

async function fetchOne(plan: NodePlan, folder: Pick<NodeFolder, 'crl'>, url: string): Promise<Verdict | undefined> {
  const say = (code: VerdictCode, found: string): Verdict =>
    verdict(code, { node: plan.name, found: `${url}: ${found}` })
  try {
    const der = await download(url, plan)
    readCrl(der)
    mkdirSync(folder.crl, { recursive: true, mode: 0o700 })
    writeFileAtomic(join(folder.crl, `${fileName(url)}.pem`), toPem('X509 CRL', der))
    return undefined
  } catch (error) {
    if (error instanceof CertificateError) return say('crl.malformed', error.message)
    if (error instanceof Error) return say('crl.unreachable', error.message)
    throw error
  }
}

/** `internal-issuing` of `http://pki.lab.test/internal-issuing.crl`. */
function fileName(url: string): string {
  return (/\/([a-z-]+)\.crl$/.exec(url)?.[1] ?? 'fetched').slice(0, 60)
}

async function download(url: string, { resolver }: NodePlan): Promise<Buffer> {
  const place = new URL(url)
  if (resolver.names !== undefined) {
    const found = await lookup(serviceOf(resolver.names, place.hostname))
    return downloadCrl(place, found.address)
  }
  const names = new Resolver({ timeout: withinMs, tries: 1 })
  names.setServers([endpointText(resolver.address, resolver.port)])
  const { hostname } = place
  const [address = ''] = isIPv6(resolver.address) ? await names.resolve6(hostname) : await names.resolve4(hostname)
  return downloadCrl(place, address)
}
