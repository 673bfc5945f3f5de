/** Messages to start from, and generators of others. */
import { fc } from '../../support/property.ts'

export interface RequestParts {
  readonly line?: string
  readonly fields?: readonly string[]
  readonly body?: string
}

const usual = [
  'Via: SIP/2.0/TLS client.lab.test:5061;branch=z9hG4bK1;rport',
  'Max-Forwards: 70',
  'From: "Alice" <sip:alice@lab.test>;tag=a1',
  'To: <sip:bob@lab.test>',
  'Call-ID: c1@lab.test',
  'CSeq: 1 INVITE',
]

/** An INVITE; `fields` stand behind the usual ones, Content-Length last. */
export function invite({
  line = 'INVITE sip:bob@lab.test SIP/2.0',
  fields = [],
  body = '',
}: RequestParts = {}): string {
  return head(line, [...usual, ...fields, `Content-Length: ${body.length}`]) + body
}

/** A head of exactly these lines. */
export function head(line: string, fields: readonly string[]): string {
  return `${[line, ...fields].join('\r\n')}\r\n\r\n`
}

const token = fc.string({ unit: fc.constantFrom(..."abcxyzABC019-.!%*_+`'~"), minLength: 1, maxLength: 12 })
const name = fc.string({ unit: fc.constantFrom(...'abcdefgXYZ019'), minLength: 1, maxLength: 10 })
const visible = fc.string({ unit: fc.constantFrom(...' abcdef;,=<>"\\:@019\xe9'), maxLength: 30 })
const user = fc.string({
  unit: fc.oneof(fc.constantFrom(..."abcXYZ019-_.!~*'()&=+$,;?/"), fc.constant('%20'), fc.constant('%00')),
  minLength: 1,
  maxLength: 12,
})
const host = fc.constantFrom('lab.test', 'EDGE.lab.test', '192.0.2.7', '[2001:db8::7]')
const parameter = fc
  .tuple(name, fc.option(name, { nil: undefined }))
  .map(([key, value]) => (value === undefined ? `;x${key}` : `;x${key}=${value}`))

export const uri = fc
  .tuple(
    fc.constantFrom('sip', 'sips', 'SIP'),
    fc.option(user, { nil: undefined }),
    host,
    fc.option(fc.integer({ min: 1, max: 65535 }), { nil: undefined }),
    fc.option(name, { nil: undefined }),
  )
  .map(
    ([scheme, user, host, port, parameter]) =>
      `${scheme}:${user === undefined ? '' : `${user}@`}${host}${port === undefined ? '' : `:${port}`}` +
      `${parameter === undefined ? '' : `;p${parameter}`}`,
  )

const address = fc
  .tuple(fc.constantFrom('', '"A \\" B" ', 'Alice', '"Müller, K"'), uri)
  .map(([display, uri]) => `${display}<${uri}>`)
const blank = fc.constantFrom(' ', '', '  ', '\t', '\r\n ')
const via = fc
  .tuple(
    fc.constantFrom('TLS', 'tls', 'UDP', 'SCTP'),
    host,
    token,
    fc.constantFrom('', ';rport', ';received=10.0.0.9;rport=99', ' ; maddr=x'),
  )
  .map(
    ([transport, host, branch, more]) =>
      `SIP/2.0/${transport} ${host};branch=z9hG4bK${branch.replace(/[^A-Za-z0-9]/g, 'x')}${more}`,
  )
const unknownField = fc.tuple(name, visible).map(([key, value]) => `X-${key}: ${value}`)

/** Well-formed requests in many spellings: order, folding, compact forms, blanks, unknown fields, binary bodies. */
export const request: fc.Arbitrary<string> = fc
  .record({
    method: fc.constantFrom('INVITE', 'MESSAGE', 'BYE', 'NEW-METHOD'),
    uri,
    vias: fc.array(via, { minLength: 1, maxLength: 4 }),
    joinVias: fc.boolean(),
    from: address,
    to: address,
    tag: token,
    callId: name,
    blank,
    routes: fc.array(uri, { maxLength: 4 }),
    joinRoutes: fc.boolean(),
    maxForwards: fc.option(fc.integer({ min: 0, max: 255 }), { nil: undefined }),
    compact: fc.boolean(),
    unknown: fc.array(
      fc.oneof(
        unknownField,
        parameter.map((text) => `Accept: a${text}`),
      ),
      { maxLength: 4 },
    ),
    body: fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 60 }),
  })
  .map((parts) => {
    const { method, blank, compact } = parts
    const spelled = (long: string, short: string): string => (compact ? short : long)
    const listed = (field: string, values: readonly string[], joined: boolean): readonly string[] =>
      values.length === 0
        ? []
        : joined
          ? [`${field}:${blank}${values.join(', ')}`]
          : values.map((value) => `${field}:${blank}${value}`)
    return (
      head(`${method} ${parts.uri} SIP/2.0`, [
        ...listed(spelled('Via', 'v'), parts.vias, parts.joinVias),
        ...parts.unknown,
        `${spelled('From', 'f')}:${blank}${parts.from};tag=${parts.tag}`,
        ...listed(
          'Route',
          parts.routes.map((uri) => `<${uri}>`),
          parts.joinRoutes,
        ),
        `${spelled('To', 't')} : ${parts.to}`,
        `${spelled('Call-ID', 'i')}: ${parts.callId}@x`,
        ...(parts.maxForwards === undefined ? [] : [`Max-Forwards: ${parts.maxForwards}`]),
        `CSeq: 7${blank === '' ? ' ' : blank}${method}`,
        `${spelled('Content-Length', 'l')}: ${parts.body.length}`,
      ]) + parts.body
    )
  })
