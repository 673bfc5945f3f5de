/** The `epid` by which old clients tell the devices of a user apart (MS-SIPRE). */
import type { SipRequest } from '../../sip/message/types.ts'

/** Whether From has an `epid`. It is read only where its text has the word (bench/proxy.ts, REGISTER). */
export function namesEndpoint(request: SipRequest): boolean {
  return /epid/i.test(request.header('From') ?? '') && request.from.parameters.has('epid')
}
