/** The limit of descriptors (`ulimit -n`), and what of it connections may take. */
import { readdirSync, readFileSync } from 'node:fs'
import { defaultTransportSettings } from '../sip/transport/settings.ts'

/** Kept free of accepted connections, for dialled ones, files and the control socket. */
const leastFreeDescriptors = 64
/** Fewer are reported: accepted connections stop a little below, since not every listener and file was counted. */
export const fewDescriptors = 80
/** However small the limit is. */
const leastConnections = 16

/** `Max open files            1024                 4096                 files`: 1024. */
export function limitIn(limits: string): number | undefined {
  const found = /^Max open files\s+(\d+)/m.exec(limits)?.[1]
  return found === undefined ? undefined : Number(found)
}

/**
 * Accepted connections for which there are descriptors: without this bound they would take the last one, and the node
 * could neither dial nor say what is wrong.
 *
 * @param further descriptors that are about to be opened, for listeners
 */
export function connectionsWithin(limit: number, open: number, further: number): number {
  const left = limit - open - further - leastFreeDescriptors
  return Math.min(defaultTransportSettings.connections, Math.max(leastConnections, left))
}

/** Of this process, as it starts; where the system does not say (no /proc) the ordinary bound. */
export function connectionsOfProcess(further: number): number {
  try {
    const limit = limitIn(readFileSync('/proc/self/limits', 'utf8'))
    if (limit === undefined) return defaultTransportSettings.connections
    return connectionsWithin(limit, readdirSync('/proc/self/fd').length, further)
  } catch (error) {
    if (error instanceof Error && 'code' in error) return defaultTransportSettings.connections
    throw error
  }
}
