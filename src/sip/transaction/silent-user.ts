/** A transaction user that wants to hear nothing more. */
import type { ClientTransactionUser } from './types.ts'

/**
 * No one waits for the answer to a CANCEL (the INVITE's own final response tells the outcome), nor for anything after a
 * final response.
 */
export const silent: ClientTransactionUser = { onResponse() {}, onTimeout() {}, onTransportError() {} }
