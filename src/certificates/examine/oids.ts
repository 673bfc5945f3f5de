/** The object identifiers the examiner knows, by the names of their standards. */

export const extensionOid = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  issuerAltName: '2.5.29.18',
  basicConstraints: '2.5.29.19',
  crlNumber: '2.5.29.20',
  reasonCode: '2.5.29.21',
  invalidityDate: '2.5.29.24',
  deltaCrlIndicator: '2.5.29.27',
  issuingDistributionPoint: '2.5.29.28',
  certificateIssuer: '2.5.29.29',
  nameConstraints: '2.5.29.30',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  authorityKeyIdentifier: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extendedKeyUsage: '2.5.29.37',
  freshestCrl: '2.5.29.46',
  inhibitAnyPolicy: '2.5.29.54',
  authorityInfoAccess: '1.3.6.1.5.5.7.1.1',
  tlsFeature: '1.3.6.1.5.5.7.1.24',
} as const

/** Extended key usages (RFC 5280 §4.2.1.12; `sipDomain` is RFC 5924; precertificate signing is RFC 6962 §3.1). */
export const ekuOid = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  ocspSigning: '1.3.6.1.5.5.7.3.9',
  sipDomain: '1.3.6.1.5.5.7.3.20',
  any: '2.5.29.37.0',
} as const

const ekuNames: ReadonlyMap<string, string> = new Map(Object.entries(ekuOid).map(([name, oid]) => [oid, name]))

/** `serverAuth`, or the dotted form of what we do not know. */
export function ekuName(oid: string): string {
  return ekuNames.get(oid) ?? oid
}

export const anyPolicy = '2.5.29.32.0'

/** otherName of RFC 4985: `_sip.example.com`. */
export const srvName = '1.3.6.1.5.5.7.8.7'

const attributeNames: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'CN'],
  ['2.5.4.4', 'SN'],
  ['2.5.4.5', 'serialNumber'],
  ['2.5.4.6', 'C'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.9', 'STREET'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['2.5.4.12', 'title'],
  ['2.5.4.17', 'postalCode'],
  ['2.5.4.42', 'GN'],
  ['2.5.4.97', 'organizationIdentifier'],
  ['0.9.2342.19200300.100.1.1', 'UID'],
  ['0.9.2342.19200300.100.1.25', 'DC'],
  ['1.2.840.113549.1.9.1', 'emailAddress'],
])

/** `CN`, or the dotted form (RFC 4514 §3). */
export function attributeName(oid: string): string {
  return attributeNames.get(oid) ?? oid
}

export const commonName = '2.5.4.3'
export const organizationName = '2.5.4.10'
export const emailAddress = '1.2.840.113549.1.9.1'
