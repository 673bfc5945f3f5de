/** Cards under each column: names, ports, certificates. A card knows its height before anyone says where it goes. */
import type { LabPlan } from '../plan-types.ts'
import { ink, rectangle, soft, text, wrap } from './svg-draw.ts'
import type { Style } from './svg-draw.ts'
import type { Slot } from './svg-layout.ts'
import type { CertificateOf } from './svg-sheet.ts'
import { span } from './text.ts'

export interface Card {
  readonly height: number
  readonly draw: (y: number) => string
}

/** What a sheet on a wall needs besides the plan, which has no clock. */
export interface SheetMade {
  readonly version: string
  /** Milliseconds since 1970. */
  readonly at: number
  /**
   * When a certificate that exists ends, by node and name, in milliseconds since 1970. Undefined: it was not issued
   * yet, and the sheet says when one of today would end.
   */
  readonly endsAt: (node: string, name: string) => number | undefined
}

/** `2027-11-29`, UTC. */
export function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

const cardText: Style = { size: 10, mono: true }

/** A list of lines; a strong one opens a group. */
export function linesCard(
  { x, width }: Slot,
  kind: string,
  lines: readonly { readonly text: string; readonly strong?: boolean }[],
): Card {
  if (lines.length === 0) return { height: 0, draw: () => '' }
  const inner = Math.min(width - 12, 330)
  const left = x + (width - inner) / 2
  const set = lines.flatMap((line) =>
    wrap(line.text, inner - 24, cardText).map((part, at) => ({
      part,
      strong: line.strong === true,
      indent: at > 0 ? 10 : 0,
    })),
  )
  const height = set.length * 14 + 26
  const draw = (y: number) =>
    [
      rectangle(left, y, inner, height, { fill: '#fff', stroke: '#8c959f', width: 0.8, radius: 3 }),
      text(left + 8, y + 13, kind, { size: 9, fill: soft }),
      ...set.map(({ part, strong, indent }, at) =>
        text(left + 8 + indent, y + 28 + at * 14, part, { ...cardText, bold: strong }),
      ),
    ].join('\n')
  return { height, draw }
}

export function certificateCards(plan: LabPlan, slot: Slot, made?: SheetMade): Card {
  const { certificates, noCertificate } = slot.column
  const inner = Math.min(slot.width - 12, 330)
  const left = slot.x + (slot.width - inner) / 2
  if (certificates.length === 0) {
    const lines = wrap(noCertificate, inner - 20, { size: 11 })
    return {
      height: lines.length * 14 + 12,
      draw: (y) =>
        lines.map((line, at) => text(left + 10, y + 16 + at * 14, line, { size: 11, fill: soft })).join('\n'),
    }
  }
  const cards = certificates.map((entry) => certificateCard({ plan, made }, entry, left, inner))
  return {
    height: cards.reduce((sum, { height }) => sum + height + 10, -10),
    draw: (y) =>
      cards
        .map((card, at) => card.draw(y + cards.slice(0, at).reduce((sum, { height }) => sum + height + 10, 0)))
        .join('\n'),
  }
}

/** Nodes with alike certificates share a card; the first to end is what counts. */
function validFields(
  { request }: CertificateOf['certificate'],
  nodes: readonly string[],
  made: SheetMade | undefined,
): readonly (readonly [string, readonly string[]])[] {
  if (made === undefined) return [['valid', [span(request.validSeconds)]]]
  const suffix = request.name.slice(request.name.indexOf('-'))
  const ends = nodes.flatMap((node) => made.endsAt(node, request.name) ?? made.endsAt(node, `${node}${suffix}`) ?? [])
  if (ends.length > 0) return [['ends', [day(Math.min(...ends))]]]
  return [['ends', [`${day(made.at + request.validSeconds * 1000)} if issued now`]]]
}

type Fields = readonly (readonly [string, readonly string[]])[]

function fieldsOf(
  { plan, made }: { readonly plan: LabPlan; readonly made: SheetMade | undefined },
  nodes: readonly string[],
  certificate: CertificateOf['certificate'],
): Fields {
  const { request, references, organisation } = certificate
  const isPublic = request.authority === 'public'
  const issuer = isPublic
    ? 'public CA'
    : plan.organisations.length > 1
      ? `internal CA of ${organisation}`
      : 'internal CA'
  return [
    ['subject', [`CN=${request.commonName}`]],
    ['SAN', [...request.dnsNames, ...request.uriNames.map((uri) => `URI:${uri}`)]],
    ['EKU', [request.purposes.join(' + ')]],
    ['issuer', [issuer]],
    ...validFields(certificate, nodes, made),
    ['at', [references.join(' + ')]],
  ]
}

function certificateCard(
  { plan, made }: { readonly plan: LabPlan; readonly made: SheetMade | undefined },
  { nodes, certificate }: CertificateOf,
  left: number,
  width: number,
): Card {
  const isPublic = certificate.request.authority === 'public'
  const fields = fieldsOf({ plan, made }, nodes, certificate)
  const label = 54
  const set = fields.flatMap(([name, values]) =>
    values
      .flatMap((value) => wrap(value, width - label - 14, cardText))
      .map((part, at) => ({ name: at === 0 ? name : '', part, strong: name === 'subject' || name === 'SAN' })),
  )
  const height = set.length * 14 + 30
  const draw = (y: number) =>
    [
      rectangle(left, y, width, height, { fill: '#fff', stroke: ink, width: isPublic ? 2.4 : 1.2, radius: 3 }),
      ...(isPublic ? [rectangle(left + 4, y + 4, width - 8, height - 8, { stroke: ink, width: 0.7, radius: 2 })] : []),
      text(left + 10, y + 17, nodes.join(', '), { size: 11, bold: true }),
      text(left + width - 10, y + 17, isPublic ? 'PUBLIC' : 'INTERNAL', { size: 9, bold: true, anchor: 'end' }),
      ...set.flatMap(({ name, part, strong }, at) => [
        text(left + 10, y + 34 + at * 14, name, { size: 9.5, fill: soft }),
        text(left + label, y + 34 + at * 14, part, { ...cardText, bold: strong }),
      ]),
    ].join('\n')
  return { height, draw }
}
