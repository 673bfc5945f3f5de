/** An address with its port, as people and configuration files write them: the one place that knows the brackets. */

/** `192.0.2.1`, `[2001:db8::1]` (RFC 3986 §3.2.2): an address as a URI or a Host field holds it. */
export function bracketed(address: string): string {
  return address.includes(':') && !address.startsWith('[') ? `[${address}]` : address
}

/** `127.0.41.11:5061`, `[fd51:1ab:41::11]:5061`, `fe1.lab.test:5061`. */
export function endpointText(address: string, port: number): string {
  return `${bracketed(address)}:${port}`
}
