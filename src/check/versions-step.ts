/** Which TLS versions a server offers, asked as the client of this check would ask: with its certificate. */
import {
  dialSecure,
  type Broken,
  type HandshakeOptions,
  type Place,
  type Secured,
  type TlsVersion,
} from './handshake.ts'
import type { CheckLog } from './check-log.ts'
import type { OwnIdentity } from './options.ts'
import { fine, note, type Finding } from './step.ts'

const versions: readonly { readonly name: string; readonly version: TlsVersion }[] = [
  { name: '1.3', version: 'TLSv1.3' },
  { name: '1.2', version: 'TLSv1.2' },
]

export const versionOrder: readonly TlsVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']

export async function otherVersions(
  log: CheckLog,
  seen: Secured,
  place: Place,
  wanted: HandshakeOptions,
  own: OwnIdentity | undefined,
): Promise<void> {
  const shown = own === undefined || own.key === '' ? {} : { own }
  for (const { name, version } of versions.filter(({ version }) => allows(wanted, version))) {
    const [id, title] = [`tls.version.${name}`, `TLS ${name}`]
    if (version === seen.protocol) {
      log.put(id, title, fine(`Offered, ${seen.cipher}.`, { offered: true, cipher: seen.cipher }), seen.tlsMs)
      continue
    }
    await log.step(id, title, async () => {
      const options = { ...wanted, ...shown, minVersion: version, maxVersion: version, askStaple: false }
      const other = await dialSecure(place, options)
      if (other.kind === 'broken') return { finding: brokenFinding(other), value: undefined }
      other.talk.close()
      return { finding: fine(`Offered, ${other.cipher}.`, { offered: true, cipher: other.cipher }), value: undefined }
    })
  }
}

/** A handshake that broke says something about the version only when it broke over the version. */
function brokenFinding(broken: Broken): Finding {
  const { found, alert, askedCertificate, chain, code } = broken
  if (askedCertificate || alert === certificateRequired || chain.length > 0)
    return fine(`Offered; the server then refused this client (${found}).`, { offered: true, demands: true })
  if (alert === protocolVersion || code === 'tls.no-common-version')
    return fine(`Not offered (${found}).`, { offered: false })
  return note(
    code,
    {
      message:
        'It is not known whether the server offers this version: the handshake failed for another or an unknown reason',
      found,
      fix: 'show the certificate that the server requires: --cert FILE --key FILE',
    },
    { offered: 'unknown' },
  )
}

/** RFC 8446 §6.2. */
const protocolVersion = 70
const certificateRequired = 116

function allows({ minVersion = 'TLSv1.2', maxVersion = 'TLSv1.3' }: HandshakeOptions, version: TlsVersion): boolean {
  const at = versionOrder.indexOf(version)
  return at >= versionOrder.indexOf(minVersion) && at <= versionOrder.indexOf(maxVersion)
}
