/** What a node says of a peer it refuses: the cause first, then everything else. */
import { X509Certificate } from 'node:crypto'
import t from 'tap'
import { keyToPem } from '../../src/certificates/keys.ts'
import { pemBlocks } from '../../src/certificates/examine/index.ts'
import { daysBefore, dns, faultPki, type LeafChange } from '../../src/faults/catalogue/fault-pki.ts'
import {
  connectionName,
  diagnosePeer,
  diagnoseRefusal,
  diagnoseSilence,
  nodeDirectory,
} from '../../src/node/diagnosis.ts'
import { diagnosticsHeaders } from '../../src/node/diagnostics.ts'
import { examineOwn } from '../../src/node/examine-peer.ts'
import { DialError } from '../../src/sip/transport/refusal.ts'
import type { PeerEvidence, Refusal } from '../../src/sip/transport/types.ts'
import { loadTopology } from '../../src/topology/load.ts'
import { nodePlan, planLab } from '../../src/topology/plan.ts'
import { arrival, requestText } from '../support/arrival.ts'

const now = Date.now()
const pki = faultPki({ now, name: 'director.lab.test' })
const lab = planLab(loadTopology('edge'))
const fe1 = nodePlan(lab, 'fe1')
const director = lab.nodes.find(({ name }) => name === 'director')
const who = nodeDirectory(lab)
const remote = { address: director?.faces[0]?.address ?? '', port: 5061 }
const ground = { anchors: pemBlocks(pki.root.pem), crls: [], now }

function evidence(change: LeafChange, more: Partial<PeerEvidence> = {}): PeerEvidence {
  const chain = [pki.leaf(change), pki.issuing].flatMap(({ pem }) => pemBlocks(pem))
  return {
    side: 'dialled',
    face: 'internal',
    remote,
    wantedName: 'director.lab.test',
    chain,
    authorized: false,
    errorCode: 'CERT_HAS_EXPIRED',
    errorMessage: 'certificate has expired',
    protocol: 'TLSv1.3',
    resumed: false,
    ...more,
  }
}

t.test('lists every fault of a certificate that Node refuses for one', async (t) => {
  const found = diagnosePeer(
    fe1,
    who,
    ground,
    'cert.expired',
    evidence({
      notAfter: daysBefore(now, 1),
      names: [dns('other.lab.test')],
      commonName: 'other.lab.test',
      purposes: ['clientAuth'],
    }),
  )
  t.match(found, {
    code: 'cert.expired',
    node: 'fe1',
    link: 'fe1->director',
    direction: 'outgoing',
    found: /by the clock of fe1/,
  })
  const others = (found.others ?? []).map(({ code }) => code)
  t.ok(
    ['cert.eku-missing', 'cert.name-mismatch'].every((code) => others.includes(code)),
    others.join(', '),
  )
})

t.test('tells an unknown root from an issuer that was not sent, which Node calls by one name', async (t) => {
  const leaf = pemBlocks(pki.leaf().pem)
  const unspecific = {
    errorCode: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    errorMessage: 'unable to verify the first certificate',
  }
  t.equal(
    diagnosePeer(fe1, who, ground, 'chain.incomplete', evidence({}, { ...unspecific, chain: leaf })).code,
    'chain.incomplete',
  )
  const stranger = faultPki({ now, name: 'director.lab.test' })
  const chain = [stranger.leaf(), stranger.ca({ commonName: 'strange Root CA' })].flatMap(({ pem }) => pemBlocks(pem))
  t.match(diagnosePeer(fe1, who, ground, 'chain.incomplete', evidence({}, { ...unspecific, chain })).code, /^chain\./)
})

t.test('a name of our own list is judged by us, whatever the chain', async (t) => {
  const found = diagnosePeer(
    fe1,
    who,
    ground,
    'cert.name-not-allowed',
    evidence({}, { authorized: true, errorCode: undefined, errorMessage: undefined }),
  )
  t.match(found, { code: 'cert.name-not-allowed', found: /DNS:director\.lab\.test/, certificate: { serial: String } })
})

t.test('an own certificate is looked at with the same eyes', async (t) => {
  const { pem } = pki.leaf({ ca: true })
  const found = examineOwn(
    fe1,
    ground,
    { certificate: pem + pki.issuing.pem, name: 'director.lab.test', purposes: ['serverAuth'] },
    new Set(),
  )
  t.ok(
    found.some(({ code, node }) => code === 'cert.is-ca' && node === 'fe1'),
    found.map(({ code }) => code).join(', '),
  )
})

function refusal(change: Partial<Refusal>): Refusal {
  return {
    side: 'accepted',
    face: 'internal',
    local: { address: fe1.faces[0]?.address ?? '', port: 5061 },
    remote,
    wantedName: undefined,
    code: 'tls.handshake-failed',
    errorCode: undefined,
    errorMessage: undefined,
    evidence: undefined,
    detail: undefined,
    own: undefined,
    ...change,
  }
}

t.test('no cipher in common may be the fault of the own key', async (t) => {
  const noCipher = refusal({ code: 'tls.no-common-cipher', errorCode: 'ERR_SSL_NO_SHARED_CIPHER' })
  const good = pki.good().presenter
  const other = pki.leaf({ keyType: 'rsa2048' })
  const key = String(good.key)
  t.equal(
    diagnoseRefusal(fe1, who, noCipher, { certificate: String(good.certificate), key }).code,
    'tls.no-common-cipher',
  )
  t.match(diagnoseRefusal(fe1, who, noCipher, { certificate: other.pem, key }), {
    code: 'key.mismatch',
    link: 'director->fe1',
    others: [{ code: 'tls.no-common-cipher' }],
  })
  const encipher = pki.leaf({ uses: ['keyCertSign'] })
  t.match(
    diagnoseRefusal(fe1, who, noCipher, {
      certificate: encipher.pem,
      key: encipher.key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    }),
    { code: 'cert.ku-wrong', found: /keyCertSign/ },
  )
})

t.test('a peer that leaves after a whole handshake probably refused us', async (t) => {
  const own = { certificate: pki.leaf({ notAfter: new Date(Date.now() - 1000) }).pem }
  const seen = { code: 'tls.peer-refused', link: 'director->fe1', direction: 'incoming' }
  t.match(diagnoseSilence(fe1, who, { remote, because: 'peer-closed', own: undefined }), seen)
  t.match(diagnoseSilence(fe1, who, { remote, because: 'peer-closed', own }), {
    ...seen,
    candidates: [{ code: 'cert.expired' }, { code: 'chain.incomplete' }],
  })
})

t.test(
  'a peer that speaks plain SIP or HTTP to a TLS port gets one name, and it is the peer that has to change',
  async (t) => {
    for (const errorCode of ['ERR_SSL_HTTP_REQUEST', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG'])
      t.match(diagnoseRefusal(fe1, who, refusal({ errorCode, errorMessage: 'a line of OpenSSL' })), {
        code: 'tls.not-tls',
        message: /The peer does not speak TLS/,
      })
  },
)

t.test('a certificate that OpenSSL cannot read in a handshake is no file of ours', async (t) => {
  const errorCode = 'ERR_OSSL_ASN1_WRONG_TAG'
  t.match(diagnoseRefusal(fe1, who, refusal({ errorCode, errorMessage: 'wrong tag' })), { code: 'cert.malformed' })
})

t.test('an end that shows no certificate and is told so has not refused', async (t) => {
  const errorMessage = 'ssl3_read_bytes:tlsv13 alert certificate required:SSL alert number 116'
  const told = refusal({ errorCode: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', errorMessage })
  t.match(diagnoseRefusal(fe1, who, told), { code: 'tls.client-cert-missing', whoRefused: 'them' })
  const judged = refusal({
    errorCode: 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE',
    errorMessage: 'peer did not return',
  })
  t.equal(diagnoseRefusal(fe1, who, judged).whoRefused, undefined)
})

t.test('both ends give one connection one name', async (t) => {
  const [a, b] = [
    { address: '127.0.0.1', port: 4000 },
    { address: '127.0.0.2', port: 5061 },
  ]
  t.equal(connectionName('dialled', a, b), connectionName('accepted', b, a))
})

t.test('ms-diagnostics of a 504 inside names certificate trust, the peer and the Windows code', async (t) => {
  const detail = diagnosePeer(fe1, who, ground, 'cert.expired', evidence({ notAfter: daysBefore(now, 1) }))
  const failure = new DialError(
    refusal({ side: 'dialled', wantedName: 'director.lab.test', code: 'cert.expired', detail }),
  )
  const [header] = diagnosticsHeaders(
    { plan: fe1, who },
    'route.next-hop-down',
    arrival(requestText({ method: 'INVITE' })),
    504,
    failure,
  )
  t.match(
    header?.[1],
    /^1010;reason="Certificate trust with next-hop server could not be established";source="fe1\.lab\.test";.*PeerServer="director\.lab\.test";HRESULT="0x800B0101\(CERT_E_EXPIRED\)"/,
  )
})

t.test('serials stand in both byte orders', async (t) => {
  const one = evidence({ notAfter: daysBefore(now, 1) })
  const { certificate } = diagnosePeer(fe1, who, ground, 'cert.expired', one)
  const serial = new X509Certificate(one.chain[0] ?? Buffer.alloc(0)).serialNumber.toLowerCase()
  t.same(
    [certificate?.serial, certificate?.serialReversed],
    [serial, Buffer.from(serial, 'hex').reverse().toString('hex')],
  )
})

t.test('of a client that was verified, the issuers that Node keeps for itself are not missed', async (t) => {
  const { pem } = pki.leaf({ commonName: 'stranger.lab.test', names: [dns('stranger.lab.test')] })
  const found = diagnosePeer(
    fe1,
    who,
    ground,
    'cert.name-not-allowed',
    evidence({}, { side: 'accepted', chain: pemBlocks(pem), authorized: true, wantedName: undefined }),
  )
  t.match(found, { code: 'cert.name-not-allowed', fix: /siplab certs renew director/ })
  t.notOk((found.others ?? []).some(({ code }) => code === 'chain.incomplete'))
})

t.test('what is wrong with our own key is mended at this end', async (t) => {
  const own = { ...pki.leaf({ keyType: 'p256' }), key: pki.leaf({ keyType: 'rsa2048' }).key }
  const refusal: Refusal = {
    ...evidence({}),
    side: 'accepted',
    local: undefined,
    code: 'tls.handshake-failed',
    errorCode: 'ERR_SSL_NO_SHARED_CIPHER',
    errorMessage: 'no shared cipher',
    evidence: undefined,
    detail: undefined,
    own: undefined,
  }
  const found = diagnoseRefusal(fe1, who, refusal, { certificate: own.pem, key: keyToPem(own.key), tuning: {} })
  t.match(found, { code: 'key.mismatch', fix: /siplab certs renew fe1/ })
})
