/** HAProxy 2.0 to 3.0, beyond the words of OpenSSL: `conn_err_code_str`, `ssl_c_err`, health checks. */
import { broken, closed, handshake, own, refused, refusedSomehow } from '../grammar.ts'
import type { Saying, StackGrammar } from '../grammar.ts'
import { verifyResult } from './openssl-verify.ts'

/** `ssl_c_err` is the result for the leaf, `ssl_c_ca_err` for a CA above it. */
function ofVerifyNumbers(match: RegExpExecArray): Saying | undefined {
  const [, leaf = '0', above = '0'] = match
  const saying = verifyResult(Number(leaf === '0' ? above : leaf))
  const causes = leaf === '0' ? saying?.above : saying?.leaf
  return saying === undefined ? undefined : { ...saying, causes: causes ?? saying.causes }
}

export const haproxy: StackGrammar = {
  name: 'HAProxy',
  rules: [
    { when: /ssl c err=(\d+) ssl c ca err=(\d+)/, says: ofVerifyNumbers },
    { when: /certificate different from the expected one/, says: refused('cert.name-mismatch') },
    { when: /ssl client certificate not trusted|ssl client ca chain cannot be verified/, says: refusedSomehow },
    { when: /ssl handshake failure \(-\)/, says: closed },
    { when: /timeout during ssl handshake|layer6 timeout/, says: handshake(['tls.handshake-timeout']) },
    { when: /connection closed during ssl handshake|connection error during ssl handshake/, says: closed },
    {
      when: /layer6 invalid response|ssl handshake failure/,
      says: { ...broken, causes: [...broken.causes, 'tls.name-unknown', 'tls.no-common-version', 'tls.not-tls'] },
    },
    {
      when: /received something which does not look like a proxy protocol header|missing or invalid proxy protocol|invalid proxy protocol header/,
      says: handshake(['tls.proxy-protocol'], 'us'),
    },
    {
      when: /inconsistencies between private key and certificate/,
      says: own(['key.mismatch', 'chain.out-of-order']),
    },
    // The file was read; the security level of OpenSSL, or the key type, does not allow it.
    {
      when: /unable to load ssl certificate into ssl context/,
      says: own(['key.too-weak', 'cert.signature-weak', 'file.corrupt', 'key.mismatch']),
    },
    { when: /no private key found in/, says: own(['key.missing']) },
    { when: /layer4 connection problem/, says: { rank: 2, causes: ['link.refused', 'link.timeout'], topic: 'tcp' } },
  ],
  samples: [
    {
      text:
        '192.0.2.20:41504 [28/Nov/2026:17:57:26.589] sip-tls~ SSL client CA chain cannot be verified ' +
        '(error:0A000086:SSL routines::certificate verify failed) ssl_c_err=0 ssl_c_ca_err=79',
      first: 'chain.not-a-ca',
      whose: 'theirs',
      who: 'us',
    },
  ],
}
