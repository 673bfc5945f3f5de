import { fc } from '../../support/property.ts'
import t from 'tap'
import {
  authorityKeyId,
  basicConstraints,
  extendedKeyUsage,
  keyUsage,
  nameConstraints,
  subjectAltName,
  subjectKeyId,
  type Extension,
} from '../../../src/certificates/extensions.ts'
import { generateKey } from '../../../src/certificates/keys.ts'
import { writeCertificate } from '../../../src/certificates/write-certificate.ts'
import { examine } from '../../../src/certificates/examine/index.ts'
import { hour, now } from './chains.ts'

const entities = 6
const keys = Array.from({ length: entities }, () => generateKey())
const flaws = [
  'none',
  'none',
  'expired',
  'not-a-ca',
  'no-basic-constraints',
  'wrong-purpose',
  'wrong-name-space',
] as const

/** One certificate: `from` signs for `to`. Entity 0 is the root, the last one the server. */
interface Edge {
  readonly from: number
  readonly to: number
  readonly flaw: (typeof flaws)[number]
}

function keyOf(entity: number): (typeof keys)[number] {
  return keys[entity] ?? generateKey()
}

const ca = (entity: number) => [['CN', `CA ${entity}`]] as const

function write({ from, to, flaw }: Edge, extensions: readonly Extension[]): Buffer {
  const notAfter = new Date(now.getTime() + (flaw === 'expired' ? -hour : hour))
  return writeCertificate(
    {
      subject: ca(to),
      notBefore: new Date(now.getTime() - 2 * hour),
      notAfter,
      key: keyOf(to),
      extensions: [subjectKeyId(keyOf(to)), authorityKeyId(keyOf(from)), ...extensions],
    },
    { name: ca(from), key: keyOf(from) },
  )
}

function issuer(edge: Edge): Buffer {
  const { flaw } = edge
  return write(edge, [
    ...(flaw === 'no-basic-constraints' ? [] : [basicConstraints({ ca: flaw !== 'not-a-ca' })]),
    keyUsage('keyCertSign'),
    ...(flaw === 'wrong-purpose' ? [extendedKeyUsage('codeSigning')] : []),
    ...(flaw === 'wrong-name-space' ? [nameConstraints({ permitted: ['other.test'] })] : []),
  ])
}

const server = write({ from: entities - 1, to: entities, flaw: 'none' }, [
  keyUsage('digitalSignature'),
  extendedKeyUsage('serverAuth'),
  subjectAltName([{ kind: 'dns', value: 'fe1.lab.test' }]),
])
const root = issuer({ from: 0, to: 0, flaw: 'none' })

function reachable(edges: readonly Edge[]): boolean {
  const found = new Set([0])
  for (let size = 0; size !== found.size; ) {
    size = found.size
    for (const { from, to, flaw } of edges) if (flaw === 'none' && found.has(from)) found.add(to)
  }
  return found.has(entities - 1)
}

t.test('in any net of cross-signed CAs a path is found exactly when there is one', async (t) => {
  const node = fc.nat(entities - 1)
  const edges = fc.uniqueArray(
    fc.record({ from: node, to: fc.integer({ min: 1, max: entities - 1 }), flaw: fc.constantFrom(...flaws) }),
    { maxLength: 24, selector: ({ from, to }) => `${from} ${to}` },
  )
  fc.assert(
    fc.property(edges, (net) => {
      const chain = [server, ...net.filter(({ from, to }) => from !== to).map(issuer)]
      const { accepted } = examine({
        chain,
        anchors: [root],
        names: [{ kind: 'dns', value: 'fe1.lab.test' }],
        purpose: 'serverAuth',
        time: now,
        profile: 'node',
      })
      return accepted === reachable(net.filter(({ from, to }) => from !== to))
    }),
    { numRuns: 100 },
  )
  t.pass()
})
