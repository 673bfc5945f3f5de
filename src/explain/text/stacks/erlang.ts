/**
 * Erlang/OTP ssl 9 to 11: `{tls_alert,{…}}`, `{bad_cert,…}` and the notices of the logger (ssl_alert.erl,
 * pubkey_cert.erl).
 */
import {
  aboutTls,
  closed,
  handshake,
  own,
  receivedByName,
  refused,
  refusedSomehow,
  sentByName,
  sets,
} from '../grammar.ts'
import type { StackGrammar } from '../grammar.ts'

export const erlang: StackGrammar = {
  name: 'Erlang',
  rules: [
    { when: /received (?:server|client) alert: (?:fatal|warning) - ([a-z ]+)/, says: receivedByName },
    {
      when: /bad cert,cert expired|\bcert expired\b/,
      says: refused('cert.expired', 'cert.not-yet-valid', 'clock.wrong', 'chain.expired', 'chain.root-expired'),
    },
    { when: /bad cert,selfsigned peer|\bselfsigned peer\b/, says: refused('cert.self-signed') },
    { when: /bad cert,unknown ca\b/, says: refused(...sets.noPath) },
    { when: /hostname check failed/, says: refused('cert.name-mismatch') },
    {
      when: /invalid ext key usage|key usage mismatch|\{invalid ext keyusage|invalid ext keyusage/,
      says: refused(...sets.purpose.unknown),
    },
    {
      when: /bad cert,\{?invalid key usage|\binvalid key usage\b/,
      says: refused('cert.ku-wrong', 'chain.no-cert-sign'),
    },
    { when: /missing basic constraint/, says: refused('chain.not-a-ca') },
    { when: /max path length reached/, says: refused('chain.path-too-long') },
    { when: /name not permitted/, says: refused('chain.name-constraint') },
    {
      when: /bad cert,invalid signature|\binvalid signature\b/,
      says: refused('cert.signature-invalid', 'chain.issuer-mismatch'),
      only: aboutTls,
      unless: /stir|shaken|passport|identity|jsonwebtoken|\bjwt\b/,
    },
    { when: /bad cert,invalid issuer/, says: refused('chain.issuer-mismatch', 'chain.out-of-order') },
    { when: /unknown critical (?:cert )?extension/, says: refused('cert.critical-extension') },
    { when: /bad cert,\{revoked|\{revoked,/, says: refused('cert.revoked') },
    { when: /revocation status undetermined/, says: refused('crl.missing', 'crl.expired', 'crl.unreachable') },
    {
      when: /unsupported signature|duplicate cert in path|signature algorithm.*(?:insufficient|unsupported)/,
      says: refused('cert.signature-weak', 'tls.no-common-signature'),
    },
    {
      when: /peer did not (?:return|send) (?:a )?certificate|no client certificate provided|\{certificate required,/,
      says: refused('tls.client-cert-missing'),
    },
    {
      when: /no suitable ciphers|insufficient security,no suitable/,
      says: handshake(['tls.no-common-cipher', 'tls.no-common-version'], 'us'),
    },
    { when: /no suitable (?:public key|signature algorithm)/, says: handshake(['tls.no-common-signature'], 'us') },
    { when: /no suitable group/, says: handshake(['tls.no-common-group'], 'us') },
    {
      when: /unsupported record type|\{unsupported version/,
      says: handshake(['tls.not-tls', 'tls.no-common-version'], 'us'),
    },
    { when: /record type mismatch/, says: closed },
    { when: /\{options,\{?keyfile/, says: own(['key.missing', 'key.malformed', 'key.unreadable']) },
    { when: /\{options,\{?cacertfile/, says: own(['trust.missing', 'trust.malformed', 'trust.empty']) },
    { when: /\{options,\{?certfile/, says: own(['file.missing', 'file.not-pem', 'file.corrupt']) },
    { when: /key mismatch|keyfile.*mismatch/, says: own(['key.mismatch']), only: aboutTls, unless: /srtp|zrtp/ },
    { when: /generated (?:server|client) alert: (?:fatal|warning) - ([a-z ]+)/, says: sentByName('erlang') },
    { when: /\{tls alert, ?\{ ?([a-z ]+),/, says: receivedByName, unless: /generated|bad cert/ },
    { when: /\{error,closed\}|\{down,normal\}/, says: closed },
    { when: /tls (?:client|server): in state .*generated/, says: refusedSomehow },
  ],
  samples: [
    {
      text:
        '{error,{tls_alert,{unknown_ca,"TLS client: In state certify at ssl_handshake.erl:2123 generated ' +
        'CLIENT ALERT: Fatal - Unknown CA\\n"}}}',
      first: 'chain.untrusted-root',
      whose: 'theirs',
      who: 'us',
    },
    {
      text: 'TLS server: In state connection received CLIENT ALERT: Fatal - Bad Certificate',
      first: 'chain.untrusted-root',
      whose: 'ours',
      who: 'them',
    },
    { text: '{bad_cert,hostname_check_failed}', first: 'cert.name-mismatch', whose: 'theirs', who: 'us' },
  ],
}
