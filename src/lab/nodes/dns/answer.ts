/** One DNS message in, one out (RFC 1035 §4). Pure: no sockets, so every odd packet can be tested. */
import { AUTHORITATIVE_ANSWER, RECURSION_DESIRED, TRUNCATED_RESPONSE, decode, encode } from 'dns-packet'
import type { Packet, Question, ResourceRecord } from 'dns-packet'
import { concerns, misdirect } from './faults.ts'
import type { DnsFault } from './faults.ts'
import { canonical, type Zone, type ZoneAnswer, type ZoneRecord } from './zone.ts'

/** Short, so that a healed fault is soon forgotten. */
const ttlSeconds = 5
const headerBytes = 12
const opcodeMask = 0x7800
/** RFC 1035 §4.2.1 without EDNS; with EDNS what the asker takes, but not above what fits one frame (RFC 9715 §3.1). */
const plainUdpBytes = 512
const largestUdpBytes = 1400

const responseCodes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const

/**
 * @param overUdp true: an answer that does not fit is cut and marked, so that the asker comes again by TCP
 * @returns undefined when nothing may be sent: a response, a fragment, or a silent fault
 */
export function answerQuery(
  zone: Zone,
  octets: Buffer,
  faults: readonly DnsFault[],
  overUdp: boolean,
): Buffer | undefined {
  if (octets.length < headerBytes || isResponse(octets)) return undefined
  const query = tryDecode(octets)
  if (query === undefined) return bare(octets, 'FORMERR')
  if (((query.flags ?? 0) & opcodeMask) !== 0) return bare(octets, 'NOTIMP')
  const question = query.questions?.[0]
  if (question === undefined || query.questions?.length !== 1) return bare(octets, 'FORMERR')
  if (question.class !== undefined && question.class !== 'IN') return bare(octets, 'REFUSED')
  const active = faults.filter((fault) => concerns(fault, question.name))
  if (active.some(({ kind }) => kind === 'silent')) return undefined
  const whole = encode(respond(query, question, withFaults(zone.ask(question.name, question.type), active)))
  return overUdp && whole.length > udpLimit(query) ? encode(truncated(query, question)) : whole
}

/** How late the answer to that question goes out, in milliseconds. */
export function latenessOf(octets: Buffer, faults: readonly DnsFault[]): number {
  if (!faults.some(({ kind }) => kind === 'slow') || octets.length < headerBytes) return 0
  const name = tryDecode(octets)?.questions?.[0]?.name
  if (name === undefined) return 0
  const late = faults.flatMap((fault) => (fault.kind === 'slow' && concerns(fault, name) ? [fault.afterMs] : []))
  return Math.max(0, ...late)
}

function tryDecode(octets: Buffer): Packet | undefined {
  try {
    return decode(octets)
  } catch (error) {
    // The package throws RangeError and Error alike for every octet it cannot place: all of it is the asker's fault.
    if (error instanceof Error) return undefined
    throw error
  }
}

function withFaults(answer: ZoneAnswer, faults: readonly DnsFault[]): ZoneAnswer {
  return faults.reduce<ZoneAnswer>((result, fault) => {
    if (fault.kind === 'nxdomain' && result.zone !== undefined)
      return { code: 'NXDOMAIN', records: [], additional: [], zone: result.zone }
    if (fault.kind === 'wrong-target')
      return { ...result, records: misdirect(result.records, fault.target), additional: [] }
    return result
  }, answer)
}

function respond(query: Packet, question: Question, answer: ZoneAnswer): Packet {
  const negative = answer.records.length === 0 && answer.zone !== undefined
  return {
    ...head(query, question, answer.code === 'REFUSED' ? 0 : AUTHORITATIVE_ANSWER, answer.code),
    answers: isApexQuestion(question, answer)
      ? [soa(answer.zone)]
      : answer.records.map((record) => wire(record, ownerOf(record, question))),
    authorities: negative ? [soa(answer.zone)] : [],
    additionals: answer.additional.map((record) => wire(record, record.name)),
  }
}

/** The name as it was asked; for a record behind an alias, the name of that record. */
function ownerOf({ name }: ZoneRecord, question: Question): string {
  return canonical(name) === canonical(question.name) ? question.name : name
}

function isApexQuestion(question: Question, answer: ZoneAnswer): answer is ZoneAnswer & { readonly zone: string } {
  return (
    question.type === 'SOA' &&
    answer.zone !== undefined &&
    question.name.toLowerCase().replace(/\.$/, '') === answer.zone
  )
}

function truncated(query: Packet, question: Question): Packet {
  return head(query, question, AUTHORITATIVE_ANSWER | TRUNCATED_RESPONSE, 'NOERROR')
}

function head(query: Packet, question: Question, flags: number, code: keyof typeof responseCodes): Packet {
  return {
    type: 'response',
    id: query.id ?? 0,
    flags: ((query.flags ?? 0) & RECURSION_DESIRED) | flags | responseCodes[code],
    questions: [question],
  }
}

/** A header alone, for a question that could not be read. */
function bare(octets: Buffer, code: keyof typeof responseCodes): Buffer {
  return encode({
    type: 'response',
    id: octets.readUInt16BE(0),
    flags: (octets.readUInt16BE(2) & RECURSION_DESIRED) | responseCodes[code],
  })
}

function isResponse(octets: Buffer): boolean {
  return (octets.readUInt8(2) & 0x80) !== 0
}

function udpLimit(query: Packet): number {
  const offered = query.additionals?.find(({ type }) => type === 'OPT')?.udpPayloadSize ?? plainUdpBytes
  return Math.min(Math.max(offered, plainUdpBytes), largestUdpBytes)
}

/** The owner name goes back as it was asked, capitals and all (draft-vixie-dns-0x20). */
function wire(record: ZoneRecord, name: string): ResourceRecord {
  const common = { name, ttl: ttlSeconds, class: 'IN' }
  switch (record.kind) {
    case 'a':
      return { ...common, type: 'A', data: record.address }
    case 'aaaa':
      return { ...common, type: 'AAAA', data: record.address }
    case 'cname':
      return { ...common, type: 'CNAME', data: record.target }
    case 'srv': {
      const { priority, weight, port, target } = record
      return { ...common, type: 'SRV', data: { priority, weight, port, target } }
    }
    case 'naptr': {
      const { order, preference, flags, services, regexp, replacement } = record
      return { ...common, type: 'NAPTR', data: { order, preference, flags, services, regexp, replacement } }
    }
  }
}

function soa(zone: string): ResourceRecord {
  const data = {
    mname: `dns.${zone}`,
    rname: `hostmaster.${zone}`,
    serial: 1,
    refresh: 3600,
    retry: 600,
    expire: 86400,
    minimum: ttlSeconds,
  }
  return { name: zone, type: 'SOA', ttl: ttlSeconds, class: 'IN', data }
}
