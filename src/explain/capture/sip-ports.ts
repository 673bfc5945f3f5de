/** Ports that tell what is meant to be spoken there (RFC 3261 §18.2.1, LCS and OCS defaults). */
export const sipPorts = {
  tls: new Set([443, 5061]),
} as const
