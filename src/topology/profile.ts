/** A profile dates the rules: what a certificate must say, which names count, and what happens when one ends. */
import { z } from 'zod'
import { group, setting, text } from './settings.ts'

export const whenOwnCertificateEnds = z.enum(['die', 'die-at-start', 'drain', 'warn'])

/** What a service does when the certificate it references ends. */
/** What a server does at its start while a database it needs is away: docs/decisions/0020. */
export const whenDatabaseIsAway = z.enum(['by-kind', 'wait', 'die'])

export type WhenDatabaseIsAway = z.infer<typeof whenDatabaseIsAway>
export type WhenOwnCertificateEnds = z.infer<typeof whenOwnCertificateEnds>

export const keyType = z.enum(['p256', 'p384', 'ed25519', 'rsa1024', 'rsa2048', 'rsa3072'])

const digestAlgorithm = z.enum(['MD5', 'SHA-256'])

export type DigestAlgorithm = z.infer<typeof digestAlgorithm>

/** At least one, none twice. */
export const digestAlgorithms = z
  .array(digestAlgorithm)
  .min(1)
  .refine((list) => new Set(list).size === list.length, { error: 'each algorithm once' })

export const profileName = z.enum(['lcs2005', 'ocs2007', 'modern'])

export type ProfileName = z.infer<typeof profileName>

export const profileSchema = group({
  name: setting(profileName, { doc: 'Name of the profile; the file carries the same name.' }),
  about: setting(text, { doc: 'The time and product whose rules these are.' }),
  tls: setting(
    group({
      min: setting(z.enum(['TLSv1.2', 'TLSv1.3']).default('TLSv1.2'), {
        doc: 'Oldest version of TLS a listener takes.',
      }),
      max: setting(z.enum(['TLSv1.2', 'TLSv1.3']).default('TLSv1.3'), {
        doc: 'Newest version of TLS a listener takes.',
      }),
    }),
    { doc: 'Versions of TLS.' },
  ),
  names: setting(
    group({
      commonName: setting(z.enum(['allowed', 'ignored']), {
        doc:
          'Whether the CN counts as a name of an own certificate: `allowed` when there is no DNS name in the SAN, ' +
          '`ignored` never. Of a peer, `lcs2005` counts every CN beside any SAN; `ocs2007` counts every CN when the ' +
          'SAN has no DNS name; `modern` counts a single CN when there is no SAN at all (RFC 5922 §7.1).',
      }),
      sanRepeatsSubject: setting(z.boolean().default(false), {
        doc: 'A SAN, once present, must repeat the name in the subject.',
      }),
      wildcards: setting(z.enum(['refused', 'one-label']), { doc: 'Whether `*.lab.test` may stand for one label.' }),
      uriNames: setting(z.enum(['read', 'ignored']), {
        doc:
          'Whether `URI:sip:lab.test` in the SAN counts as the SIP domain `lab.test` (RFC 5922 §7.1): the scheme is ' +
          '`sip`, and there is no user part. Lists of servers and partners hold host names, and a URI is none. A ' +
          'dialled name may be either.',
      }),
      wanted: setting(z.enum(['dialled-name', 'domain-or-next-hop']), {
        doc:
          'The name wanted of a server: the FQDN that was dialled, or the SIP domain before DNS (RFC 5922 §4) ' +
          'unless a next hop was configured.',
      }),
    }),
    { doc: 'Which names in a certificate count, and which one is wanted.' },
  ),
  keyType: setting(keyType, { doc: 'Key of a node certificate.' }),
  validDays: setting(z.int().min(1).max(3650), { doc: 'Validity of a node certificate from its issue, in days.' }),
  whenOwnCertificateEnds: setting(whenOwnCertificateEnds, {
    doc:
      '`die`: the service shuts down and stays down; `die-at-start`: live links stay, the next start dies; ' +
      '`drain`: links close at the end; `warn`: only warnings.',
  }),
  warnAtFraction: setting(z.number().gt(0).max(1), {
    doc: 'Warn from this part of the lifetime left, e.g. 0.33 for one third.',
  }),
  crl: setting(
    group({
      distributionPoint: setting(z.enum(['required', 'advised']), {
        doc: 'Whether a certificate without a CRL distribution point is a fault.',
      }),
      unreachable: setting(z.enum(['stop', 'warn', 'ignore']), {
        doc: 'What an edge does at start when it cannot fetch a CRL.',
      }),
    }),
    { doc: 'Revocation.' },
  ),
  authentication: setting(
    group({
      algorithms: setting(digestAlgorithms, {
        doc:
          'Digest algorithms that a challenge offers, the preferred one first (RFC 8760 §2.3). `MD5` alone suits ' +
          'clients of 2005: some of them give up when they read an algorithm they do not know.',
      }),
      ntlm: setting(z.enum(['on', 'off']), {
        doc: 'Whether challenges offer NTLM behind Digest, for Communicator clients (docs/communicator.md).',
      }),
    }),
    { doc: 'Authentication of users.' },
  ),
})

export type Profile = z.infer<typeof profileSchema>
