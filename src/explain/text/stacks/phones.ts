/** baresip (re), Linphone (belle-sip, Mbed TLS) and reSIProcate: what user agents print. */
import { broken, closed, handshake, refused, refusedAt, refusedSomehow, sets } from '../grammar.ts'
import type { StackGrammar } from '../grammar.ts'

export const phones: StackGrammar = {
  name: 'baresip, Linphone, reSIProcate',
  rules: [
    // baresip 1 does not verify the server, so an error of its TLS library (ssl_err 1) is no certificate of the server.
    {
      when: /tls: connect: error|register: protocol error/,
      says: {
        ...broken,
        causes: ['tls.no-common-version', 'tls.not-tls', 'chain.untrusted-root', 'tls.client-cert-missing'],
      },
    },
    { when: /\btls: ssl write: \d|register: connection reset by peer/, says: closed },
    { when: /tls: verify_?(?:server|peer).*fail|tls verify .*failed/, says: refusedSomehow },
    {
      when: /channel .*cannot connect.*verif|belle ?sip.*bad certificate|certificate verify failed by callback/,
      says: refusedSomehow,
    },
    // `bctbx_x509_certificate_flags_to_string` of bctoolbox.
    { when: /flags ?= ?\[[^\]]*not-trusted/, says: refused(...sets.noPath) },
    { when: /flags ?= ?\[(?!crl)(?:[^\]]* )?expired/, says: refusedAt(sets.expired) },
    { when: /flags ?= ?\[(?!crl)(?:[^\]]* )?future/, says: refusedAt(sets.notYetValid) },
    { when: /flags ?= ?\[[^\]]*\brevoked/, says: refused('cert.revoked', 'chain.revoked') },
    { when: /cn-mismatch|certificate name mismatch|certnamemismatch/, says: refused('cert.name-mismatch') },
    { when: /channel .*: ssl handshake (?:in progress )?failed/, says: broken },
    { when: /tls ?private ?key ?missing/, says: handshake(['tls.own-cert-missing'], 'us') },
    {
      when: /server certificate (?:can't|cannot) be validated|failed to verify remote certificate/,
      says: refusedSomehow,
    },
    {
      when: /mutual tls failed|no client certificate (?:presented|provided)/,
      says: refused('tls.client-cert-missing'),
    },
  ],
  samples: [{ text: 'tls: connect: error (r=-1, ssl_err=1)', first: 'tls.no-common-version' }],
}
