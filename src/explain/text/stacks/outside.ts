/** Trouble that is not one of TLS, in the words of any program. No certificate may be blamed for it. */
import { closed, outside, rank } from '../grammar.ts'
import type { StackGrammar } from '../grammar.ts'

export const notTlsTrouble: StackGrammar = {
  name: 'Network and SIP',
  rules: [
    {
      when: /enotfound|nxdomain|name or service not known|no such host|nodename nor servname|unknownhostexception|could not resolve host/,
      says: outside('dns', 'dns.not-found'),
    },
    {
      when: /eai again|temporary failure in name resolution|dns (?:lookup|query) time/,
      says: outside('dns', 'dns.unreachable'),
    },
    { when: /connection refused|econnrefused/, says: outside('tcp', 'link.refused') },
    {
      when: /connection timed out|connect etimedout|connection timeout|connect timed out/,
      says: outside('tcp', 'link.timeout', 'tls.handshake-timeout'),
    },
    {
      when: /no route to host|network is unreachable|ehostunreach|enetunreach/,
      says: outside('tcp', 'link.unreachable'),
    },
    { when: /address already in use|eaddrinuse/, says: outside('tcp') },
    { when: /connection reset by peer|forcibly closed by the remote host|connection aborted/, says: closed },
    { when: /no space left on device|enospc|disk quota exceeded/, says: outside('disk') },
    {
      when: /sip\/2\.0 401|sip\/2\.0 407|\b(?:401 unauthori[sz]ed|407 proxy authentication)/,
      says: outside('sip', 'auth.refused', 'sip.refused'),
    },
    {
      when: /sip\/2\.0 [3-6]\d\d|reason: ?sip ?;|reason: ?q\.850/,
      says: outside('sip', 'sip.refused', 'route.no-target'),
    },
    // RFC 5763 §5: the fingerprint in the SDP decides, and a certificate signed by itself is right.
    {
      when: /dtls.*fingerprint (?:mismatch|verification failed)|fingerprint provided by remote party does not match/,
      says: { rank: rank.reason, causes: [], topic: 'media' },
    },
    { when: /ice failed|ice connection|stun server/, says: outside('ice') },
    { when: /too many open files|emfile/, says: outside('service') },
  ],
  samples: [],
}
