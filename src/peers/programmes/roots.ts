/** Public roots, what the root programmes did to them and when. Three mechanisms, never one for the other. */
import type { Mark } from '../policy.ts'

export type Store = 'microsoft' | 'mozilla' | 'chrome'

export interface PublicRoot {
  readonly id: string
  readonly commonName: string
  /** Of `publicAuthorities`. */
  readonly authority: string
  /** SHA-1 of the certificate, lower case, where a source names it. */
  readonly sha1?: string
  /** Last day of the root itself, where it has a story. */
  readonly notAfter?: string
}

/** `removed` and `disabled` end every chain on the day; `not-before` and `sct-after` only what is issued later. */
type Mechanism = 'removed' | 'disabled' | 'not-before' | 'sct-after' | 'revoked'

export interface RootEvent {
  /** The roots, by id; for an intermediate its common name. */
  readonly roots: readonly string[]
  readonly stores: readonly Store[]
  /** For `not-before` and `sct-after` the last day whose certificates are good, else the first day without. */
  readonly on: string
  readonly precision?: 'month'
  readonly mechanism: Mechanism
  readonly mark: Mark
  readonly source: string
}

const known = (id: string, commonName: string, authority: string, sha1?: string, notAfter?: string): PublicRoot => ({
  id,
  commonName,
  authority,
  ...(sha1 === undefined ? {} : { sha1 }),
  ...(notAfter === undefined ? {} : { notAfter }),
})

export const publicRoots: readonly PublicRoot[] = [
  known('digicert-global-root-ca', 'DigiCert Global Root CA', 'digicert', 'a8985d3a65e5e5c4b2d7d66d40c6dd2fb19c5436'),
  known('digicert-global-root-g2', 'DigiCert Global Root G2', 'digicert', 'df3c24f9bfd666761b268073fe06d1cc8d4f82a4'),
  known('digicert-global-root-g3', 'DigiCert Global Root G3', 'digicert', '7e04de896a3e666d00e687d33ffad93be83d349e'),
  known(
    'digicert-tls-ecc-p384-root-g5',
    'DigiCert TLS ECC P384 Root G5',
    'digicert',
    '17f3de5e9f0f19e98ef61f32266e20c407ae30ee',
  ),
  known(
    'digicert-tls-rsa4096-root-g5',
    'DigiCert TLS RSA4096 Root G5',
    'digicert',
    'a78849dc5d7c758c8cde399856b3aad0b2a57135',
  ),
  known(
    'microsoft-ecc-root-2017',
    'Microsoft ECC Root Certificate Authority 2017',
    'microsoft',
    '999a64c37ff47d9fab95f14769891460eec4c3c5',
  ),
  known(
    'microsoft-rsa-root-2017',
    'Microsoft RSA Root Certificate Authority 2017',
    'microsoft',
    '73a5e64a3bff8316ff0edccc618a906e4eae4d74',
  ),
  known('digicert-assured-id-root-ca', 'DigiCert Assured ID Root CA', 'digicert'),
  known('digicert-high-assurance-ev-root-ca', 'DigiCert High Assurance EV Root CA', 'digicert'),
  known('digicert-assured-id-root-g2', 'DigiCert Assured ID Root G2', 'digicert'),
  known('digicert-trusted-root-g4', 'DigiCert Trusted Root G4', 'digicert'),
  known('baltimore-cybertrust-root', 'Baltimore CyberTrust Root', 'digicert', undefined, '2025-05-12'),
  known('geotrust-universal-ca', 'GeoTrust Universal CA', 'digicert'),
  known('entrust-root', 'Entrust Root Certification Authority', 'entrust'),
  known('entrust-root-g2', 'Entrust Root Certification Authority - G2', 'entrust'),
  known('entrust-root-ec1', 'Entrust Root Certification Authority - EC1', 'entrust'),
  known('entrust-root-g4', 'Entrust Root Certification Authority - G4', 'entrust'),
  known('affirmtrust-commercial', 'AffirmTrust Commercial', 'entrust'),
  known('globalsign-root-r1', 'GlobalSign Root CA', 'globalsign'),
  // Its common name is GlobalSign; OU says which root it is.
  known('globalsign-root-r3', 'GlobalSign Root CA - R3', 'globalsign'),
  known('globalsign-root-r46', 'GlobalSign Root R46', 'globalsign'),
  known('globalsign-root-e46', 'GlobalSign Root E46', 'globalsign'),
  known('godaddy-g2', 'Go Daddy Root Certificate Authority - G2', 'godaddy'),
  known('godaddy-tls-r1', 'GoDaddy TLS Root CA - R1', 'godaddy'),
  known('starfield-g2', 'Starfield Root Certificate Authority - G2', 'godaddy'),
  // Amazon holds the key of this one.
  known('starfield-services-g2', 'Starfield Services Root Certificate Authority - G2', 'amazon'),
  known('isrg-root-x1', 'ISRG Root X1', 'letsencrypt'),
  known('isrg-root-x2', 'ISRG Root X2', 'letsencrypt'),
  known('gts-root-r1', 'GTS Root R1', 'google-ts'),
  known('gts-root-r4', 'GTS Root R4', 'google-ts'),
  known('usertrust-rsa', 'USERTrust RSA Certification Authority', 'sectigo'),
  known('usertrust-ecc', 'USERTrust ECC Certification Authority', 'sectigo'),
  known('comodo-rsa', 'COMODO RSA Certification Authority', 'sectigo'),
  known('sectigo-r46', 'Sectigo Public Server Authentication Root R46', 'sectigo'),
  known('sectigo-e46', 'Sectigo Public Server Authentication Root E46', 'sectigo'),
  known('amazon-root-ca-1', 'Amazon Root CA 1', 'amazon'),
  known('identrust-commercial-root-ca-1', 'IdenTrust Commercial Root CA 1', 'identrust'),
  known('sslcom-root-rsa', 'SSL.com Root Certification Authority RSA', 'sslcom'),
  known('certum-trusted-network-ca', 'Certum Trusted Network CA', 'certum'),
  known('swisssign-silver-g2', 'SwissSign Silver CA - G2', 'swisssign'),
]

const entrust = ['entrust-root', 'entrust-root-g2', 'entrust-root-ec1', 'entrust-root-g4', 'affirmtrust-commercial']
const digicertG1 = ['digicert-assured-id-root-ca', 'digicert-global-root-ca', 'digicert-high-assurance-ev-root-ca']
const k1 = 'a public data file of certificate deadlines (Aug 2026)'

export const rootEvents: readonly RootEvent[] = [
  {
    roots: digicertG1,
    stores: ['mozilla', 'chrome'],
    on: '2026-04-15',
    mechanism: 'removed',
    mark: 'V',
    source: 'knowledge.digicert.com ALERT86 (8 Apr 2026)',
  },
  {
    roots: ['DigiCert Global CA G2'],
    stores: ['microsoft', 'mozilla', 'chrome'],
    on: '2026-05-15',
    mechanism: 'revoked',
    mark: 'V',
    source: 'knowledge.digicert.com ALERT86 (8 Apr 2026)',
  },
  { roots: entrust, stores: ['chrome'], on: '2024-11-11', mechanism: 'sct-after', mark: 'V', source: 'entrust.com' },
  { roots: entrust, stores: ['mozilla'], on: '2024-11-30', mechanism: 'not-before', mark: 'V', source: 'entrust.com' },
  { roots: entrust, stores: ['microsoft'], on: '2025-04-16', mechanism: 'not-before', mark: 'G', source: k1 },
  {
    roots: ['swisssign-silver-g2'],
    stores: ['microsoft'],
    on: '2026-05-19',
    mechanism: 'not-before',
    mark: 'G',
    source: k1,
  },
  {
    roots: ['geotrust-universal-ca', 'baltimore-cybertrust-root'],
    stores: ['microsoft'],
    on: '2026-08-25',
    mechanism: 'disabled',
    mark: 'G',
    source: k1,
  },
  {
    roots: ['globalsign-root-r1'],
    stores: ['mozilla', 'chrome'],
    on: '2025-04-15',
    mechanism: 'removed',
    mark: 'V',
    source: 'support.globalsign.com (Feb 2026)',
  },
  {
    roots: ['globalsign-root-r3'],
    stores: ['mozilla', 'chrome'],
    on: '2027-04-15',
    mechanism: 'removed',
    mark: 'V',
    source: 'support.globalsign.com (Feb 2026)',
  },
  {
    roots: ['godaddy-g2'],
    stores: ['chrome'],
    on: '2027-04-01',
    precision: 'month',
    mechanism: 'removed',
    mark: 'V',
    source: 'godaddy.com help 42783',
  },
]
