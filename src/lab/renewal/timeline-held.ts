/** What a lab holds besides leaf certificates, for its timeline: authorities and revocation lists, with their dates. */
import { X509Certificate } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { caNames } from '../../certificates/authority.ts'
import { loadCrl } from '../../certificates/load.ts'
import { nodeFolder } from '../../node/control/node-folder.ts'
import type { CertificateHome } from './certificate-work.ts'
import { openAuthorities } from '../provision.ts'
import type { TimelineCa, TimelineCrl } from './timeline.ts'

export function heldAuthorities({ plan, root }: CertificateHome, now: number): readonly TimelineCa[] {
  const pki = join(root, 'pki')
  if (!existsSync(pki)) return []
  return [...openAuthorities(plan, pki, now).byOrganisation].flatMap(([organisation, authority]) =>
    caNames.map((name): TimelineCa => {
      const { validFromDate, validToDate } = new X509Certificate(authority.caCertificate(name).pem)
      return { kind: 'ca', name, organisation, notBefore: validFromDate.getTime(), notAfter: validToDate.getTime() }
    }),
  )
}

/** A list without a next update never goes stale; one that cannot be read is the matter of the start-up check. */
export function heldCrls({ plan, root }: CertificateHome): readonly TimelineCrl[] {
  return plan.nodes.flatMap(({ name: node }) => {
    const folder = nodeFolder(root, node).crl
    if (!existsSync(folder)) return []
    return readdirSync(folder)
      .filter((file) => file.endsWith('.pem'))
      .sort()
      .flatMap((file): readonly TimelineCrl[] => {
        const loaded = loadCrl(join(folder, file))
        const nextUpdate = loaded.ok ? loaded.value.crl.nextUpdate : undefined
        return !loaded.ok || nextUpdate === undefined
          ? []
          : [
              {
                kind: 'crl',
                node,
                name: basename(file, '.pem'),
                thisUpdate: loaded.value.crl.thisUpdate.at,
                nextUpdate: nextUpdate.at,
              },
            ]
      })
  })
}
