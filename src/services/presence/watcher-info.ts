/** Who watches a user, for that user (RFC 3857), as a document of whole state (RFC 3858). */
import { createHash } from 'node:crypto'
import { type Subscription, subscriptionKey } from './dialog.ts'
import type { Rendered } from './formats.ts'
import { bodyOf, escapeXml } from './xml.ts'

/** The watcher information of watcher information is not kept (RFC 3857 §3.1 allows it to end here). */
export const watcherInfoEvent = 'presence.winfo'

export const watcherInfoType = 'application/watcherinfo+xml'

/** Watchers in one document at most; the rest is left out. */
const watchersLimit = 500

/**
 * `<watcher id="9f…" status="active" event="subscribe" …>sip:alice@lab.test</watcher>`. Every watcher is active: one
 * that the user blocks is shown a user that is offline, and knows no better (RFC 3857 §4.7.1, polite blocking).
 *
 * @param version rises with each document of one subscription
 */
export function watcherInfo(
  resource: string,
  watchers: readonly Subscription[],
  { version, wall }: { readonly version: number; readonly wall: number },
): Rendered {
  const one = (subscription: Subscription): string => {
    const { watcher, expires, dialog } = subscription
    const seconds = (ms: number): number => Math.max(0, Math.round(ms / 1000))
    return (
      `<watcher id="${idOf(subscription)}" status="active" event="subscribe" ` +
      `expiration="${seconds(expires - wall)}" duration-subscribed="${seconds(wall - dialog.since)}">` +
      `${escapeXml(watcher)}</watcher>`
    )
  }
  const list = watchers.slice(0, watchersLimit).map(one).join('')
  return {
    contentType: watcherInfoType,
    body: bodyOf(
      '<?xml version="1.0" encoding="UTF-8"?>' +
        `<watcherinfo xmlns="urn:ietf:params:xml:ns:watcherinfo" version="${version}" state="full">` +
        `<watcher-list resource="${escapeXml(resource)}" package="presence">${list}</watcher-list></watcherinfo>`,
    ),
  }
}

/** The same for one subscription at every front end; says nothing of its Call-ID. */
function idOf(subscription: Subscription): string {
  return createHash('sha256').update(subscriptionKey(subscription)).digest('hex').slice(0, 16)
}
