/**
 * RFC 3261 §16.7 step 9: a response on its way back: without our Via, without what its sender is not believed, edited
 * for the face it goes out of.
 */
import { writeResponse } from '../message/edit.ts'
import type { HeaderField, SipResponse } from '../message/types.ts'
import type { Flow } from '../transport/flow.ts'
import type { Incoming } from './arrival.ts'
import type { Core } from './core.ts'

export interface WayBack {
  readonly core: Core
  /** Where the request came from. */
  readonly face: string
  /** The request; undefined: gone, as it may where the face edits nothing. */
  readonly arrival: Incoming | undefined
}

/** @param from where the response came from; undefined: it was not received here */
export function writeBack(
  { core, face, arrival }: WayBack,
  response: SipResponse,
  from: Flow | undefined,
  add: readonly HeaderField[],
): string {
  const { faces } = core.settings
  const strip = from === undefined ? undefined : faces[from.face]?.stripResponse
  const unbelieved = strip === undefined || from === undefined ? nothing : strip(response, from)
  const change = arrival === undefined ? undefined : faces[face]?.editResponse?.(response, arrival)
  return writeResponse(response, {
    dropTopVia: true,
    remove: change === undefined ? unbelieved : [...unbelieved, ...change.remove],
    add: change === undefined ? add : [...add, ...change.add],
  })
}

const nothing: readonly string[] = []
