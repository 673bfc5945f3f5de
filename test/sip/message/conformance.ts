/** The RFC 4475 messages with what each asks for; they live outside the repository (`SIPLAB_CONFORMANCE`). */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Expectation {
  readonly method?: string
  readonly status?: number
  readonly reason?: string
  readonly requestUri?: string
  readonly requestUriUser?: string
  readonly requestUriHost?: string
  readonly requestUriParams?: Readonly<Record<string, string | null>>
  readonly to?: AddressExpectation
  readonly from?: AddressExpectation
  readonly maxForwards?: number | null
  readonly callId?: string
  readonly contentLength?: number
  readonly cseq?: { readonly seq: number; readonly method: string }
  readonly viaCount?: number
  readonly vias?: readonly { readonly transport: string; readonly sentBy: string; readonly branch: string }[]
  readonly subject?: string
  readonly routeCount?: number
  readonly routes?: readonly string[]
  readonly contactCount?: number
  readonly contacts?: readonly AddressExpectation[]
  readonly unknownHeaders?: Readonly<Record<string, string>>
  readonly bodyBytes?: number
  readonly acceptCount?: number
  readonly version?: string
}

export interface AddressExpectation {
  readonly displayName?: string
  readonly uri?: string
  readonly user?: string
  readonly userBytes?: number
  readonly tag?: string | null
  readonly params?: Readonly<Record<string, string | null>>
  readonly uriParams?: Readonly<Record<string, string | null>>
}

export interface Case {
  readonly name: string
  readonly file: string
  readonly kind: 'request' | 'response'
  readonly transport: string
  readonly verdict: string
  readonly parser: 'must-accept' | 'reject' | 'reject-or-repair' | 'must-not-break' | 'accept-if-compatible'
  readonly outcomes: readonly { readonly action: string; readonly codes?: readonly number[] }[]
  readonly expect?: Expectation
}

// A test may look at its own environment; sources may not.
const folder = process.env['SIPLAB_CONFORMANCE']

/** undefined with a reason to print when the messages are not at hand. */
export const skipReason =
  folder === undefined
    ? 'SIPLAB_CONFORMANCE is not set: the RFC 4475 messages are not part of the repository'
    : undefined

export function readCases(): readonly Case[] {
  if (folder === undefined) return []
  const parsed: { readonly cases: readonly Case[] } = JSON.parse(
    readFileSync(join(folder, 'rfc4475', 'expectations.json'), 'utf8'),
  )
  return parsed.cases
}

export function readBytes(entry: Case): Buffer {
  return readFileSync(join(folder ?? '', 'rfc4475', entry.file))
}
