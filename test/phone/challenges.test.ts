import t from 'tap'
import { readableChallenges } from '../../src/phone/challenges.ts'

const md5 = 'WWW-Authenticate: Digest realm="r", nonce="n", algorithm=MD5, qop="auth"\r\n'
const sha256 = 'WWW-Authenticate: Digest realm="r", nonce="n", algorithm=SHA-256, qop="auth"\r\n'
const ntlm = 'WWW-Authenticate: NTLM realm="r", targetname="fe1.lab.test"\r\n'

function challenged(...challenges: readonly string[]): string {
  return `SIP/2.0 401 Unauthorized\r\nCall-ID: 1\r\n${challenges.join('')}Content-Length: 0\r\n\r\n`
}

t.test('leaves the MD5 challenge wherever it stands', async (t) => {
  for (const order of [
    [md5, sha256, ntlm],
    [sha256, md5, ntlm],
    [ntlm, sha256, md5],
  ])
    t.equal(readableChallenges(challenged(...order)), challenged(md5))
})

// conformance: RFC 7616 §3.3 — a challenge without algorithm means MD5
t.test('takes a challenge without algorithm for MD5 (RFC 7616 §3.3)', async (t) => {
  const plain = 'Proxy-Authenticate: Digest realm="r", nonce="n"\r\n'
  t.equal(readableChallenges(challenged(plain, sha256)), challenged(plain))
})

t.test('reads a folded challenge whole', async (t) => {
  const folded = 'WWW-Authenticate: Digest realm="r",\r\n nonce="n", algorithm=SHA-256\r\n'
  t.equal(readableChallenges(challenged(folded, md5)), challenged(md5))
})

t.test('keeps all when none can be answered', async (t) => {
  t.equal(readableChallenges(challenged(sha256, ntlm)), challenged(sha256, ntlm))
})

t.test('changes nothing else', async (t) => {
  const body = `${challenged(md5).slice(0, -2)}\r\n${sha256}`
  t.equal(readableChallenges(body), body)
  const ok = challenged(sha256, md5).replace('401 Unauthorized', '200 OK')
  t.equal(readableChallenges(ok), ok)
})
