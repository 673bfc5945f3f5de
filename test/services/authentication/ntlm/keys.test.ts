/** Vectors of RFC 6229 (RC4), RFC 1320 (MD4) and [MS-NLMP] 4.2 (NTLMv2). */
import t from 'tap'
import {
  directionKeys,
  ntHash,
  proofOf,
  responseKey,
  sessionKeyOf,
} from '../../../../src/services/authentication/ntlm/keys.ts'
import { rc4 } from '../../../../src/services/authentication/ntlm/rc4.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

t.test('the keys of NTLM', async (t) => {
  t.test('RC4 makes the key stream of RFC 6229', async (t) => {
    const stream = (key: string): string => rc4(hex(key), Buffer.alloc(16)).toString('hex')
    t.same(
      [stream('0102030405'), stream('0102030405060708090a0b0c0d0e0f10')],
      ['b2396305f03dc027ccc3524a0a1118a8', '9ac7cc9a609d1ef7b2932899cde41b97'],
    )
  })

  t.test('RC4 undoes itself', async (t) => {
    const key = hex('00112233445566778899aabbccddeeff')
    t.equal(rc4(key, rc4(key, Buffer.from('siplab'))).toString(), 'siplab')
  })

  t.test('the hash of a password is that of [MS-NLMP] 4.2.2.1.2', async (t) => {
    t.equal(ntHash('Password'), 'a4f49c406510bdcab6824ee7c30fd852')
  })

  const key = responseKey(hex(ntHash('Password')), 'User', 'Domain')
  const challenge = hex('0123456789abcdef')
  const blob = hex(
    '01010000 00000000 0000000000000000 aaaaaaaaaaaaaaaa 00000000 02000c0044006f006d00610069006e00' +
      ' 01000c00530065007200760065007200 00000000 00000000',
  )

  t.test('NTOWFv2 is that of [MS-NLMP] 4.2.4.1.1', async (t) => {
    t.equal(key.toString('hex'), '0c868a403bfd7a93a3001ef22ef02e3f')
  })

  t.test('the proof is that of [MS-NLMP] 4.2.4.2.2', async (t) => {
    t.equal(proofOf(key, challenge, blob).toString('hex'), '68cd0ab851e51c96aabc927bebef6a1c')
  })

  t.test('the session key is unwrapped as in [MS-NLMP] 4.2.4.2.3', async (t) => {
    const encrypted = hex('c5dad2544fc9799094ce1ce90bc9d03e')
    t.equal(sessionKeyOf(key, proofOf(key, challenge, blob), encrypted).toString('hex'), '55'.repeat(16))
  })

  t.test('the client’s keys are those of [MS-NLMP] 4.2.4.4', async (t) => {
    const { sign, seal } = directionKeys(Buffer.alloc(16, 0x55), 'client-to-server')
    t.same(
      [sign.toString('hex'), seal.toString('hex')],
      ['4788dc861b4782f35d43fd98fe1a2d39', '59f600973cc4960a25480a7c196e4c58'],
    )
  })
})
