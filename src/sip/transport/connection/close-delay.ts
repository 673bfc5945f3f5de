/** Destroys a connection that was ended, however its peer behaves. */

/** The time that a peer has to read the last octets. */
const closeDelayMs = 2_000

export function destroyLater(connection: { destroy(): unknown }): void {
  setTimeout(destroy, closeDelayMs, connection).unref()
}

function destroy(connection: { destroy(): unknown }): void {
  connection.destroy()
}
