/** A connection that was ended and may not stay, whatever its peer does. */

/** How long a peer may take to read the last octets. */
const lingerMs = 2_000

export function destroyLater(connection: { destroy(): unknown }): void {
  setTimeout(destroy, lingerMs, connection).unref()
}

function destroy(connection: { destroy(): unknown }): void {
  connection.destroy()
}
