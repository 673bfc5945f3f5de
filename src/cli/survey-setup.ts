/** From the command line of `siplab survey` to what a survey needs: root, place, bounds. */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { wantedOneOf } from '../topology/nearest-name.ts'
import { readTarget, TargetError } from '../check/index.ts'
import { findFault, faults } from '../faults/catalogue/index.ts'
import {
  type Bounds,
  existingGround,
  GroundError,
  limits,
  type SurveyClock,
  type SurveyGround,
  tlsVersions,
  type TlsVersion,
} from '../survey/index.ts'
import type { Io } from './io.ts'
import { endpointText } from '../sip/message/endpoint.ts'
import { UsageError } from './usage-error.ts'

export function groundFolder(io: Io, { root }: { readonly root?: string }): string {
  return resolve(io.workingFolder, root ?? '.siplab/survey')
}

/** @throws UsageError where no root was made yet */
export function groundFor(io: Io, options: { readonly root?: string }, now: number): SurveyGround {
  try {
    return existingGround(groundFolder(io, options), now)
  } catch (error) {
    if (error instanceof GroundError) throw new UsageError(error.message, { cause: error })
    throw error
  }
}

/** A survey shows faults to another end: only to one's own. */
export function refuseUnlessOperated(
  { iOperateThisServer }: { readonly iOperateThisServer?: true },
  target: string,
): void {
  if (iOperateThisServer !== true)
    throw new UsageError(`survey dial needs --i-operate-this-server; add it if you operate ${target}`)
}

export interface SurveyPlace {
  readonly host: string
  readonly port: number
  /** Numeric. */
  readonly address: string
}

export async function placeOf(text: string, { address }: { readonly address?: string }): Promise<SurveyPlace> {
  const target = targetOf(text)
  const host = target.kind === 'host' ? target.host : target.domain
  const port = (target.kind === 'host' ? target.port : undefined) ?? 5061
  if (address !== undefined && isIP(address) === 0)
    throw new UsageError(`--address: wanted an IP address, found ${JSON.stringify(address)}`)
  return { host, port, address: address ?? (await addressOf(host)) }
}

function targetOf(text: string): ReturnType<typeof readTarget> {
  try {
    return readTarget(text)
  } catch (error) {
    if (error instanceof TargetError) throw new UsageError(error.message, { cause: error })
    throw error
  }
}

async function addressOf(host: string): Promise<string> {
  if (isIP(host) !== 0) return host
  try {
    return (await lookup(host)).address
  } catch (error) {
    if (!(error instanceof Error)) throw error
    throw new UsageError(
      `${host}: wanted a name that leads to an address, found ${error.message}; --address gives one`,
      {
        cause: error,
      },
    )
  }
}

/** The one port, or the first of many. @throws UsageError also for a listening address that is none */
export function listenPort(given: { readonly listen: string; readonly port: string; readonly ports?: string }): number {
  if (isIP(given.listen) === 0)
    throw new UsageError(`--listen: wanted an IP address, found ${JSON.stringify(given.listen)}`)
  const text = given.ports ?? given.port
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_000) return Number(text)
  const option = given.ports === undefined ? '--port' : '--ports'
  throw new UsageError(`${option}: wanted a whole number from 0 to 65000, found ${JSON.stringify(text)}`)
}

/** @throws UsageError where the listener cannot be opened */
export async function orUsage<T>(opening: Promise<T>, at: { address: string; port: number }): Promise<T> {
  try {
    return await opening
  } catch (cause) {
    if (!(cause instanceof Error) || !('code' in cause)) throw cause
    throw new UsageError(
      `${endpointText(at.address, at.port)} cannot be opened (${String(cause.code)}); choose another address or port`,
      { cause },
    )
  }
}

/** @throws UsageError for a value beyond the limits of every survey */
export function boundsOf(given: {
  readonly connections: string
  readonly seconds: string
  readonly pace?: string
}): Bounds {
  return {
    connections: within('connections', '--connections', given.connections),
    seconds: within('seconds', '--seconds', given.seconds),
    paceMs: given.pace === undefined ? limits.paceMs.usual : within('paceMs', '--pace', given.pace),
  }
}

function within(name: keyof Bounds, option: string, text: string): number {
  const { least, most } = limits[name]
  const value = Number(text)
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new UsageError(`${option}: wanted a whole number from ${least} to ${most}, found ${JSON.stringify(text)}`)
}

/** Absent: every fault. */
export function slugsOf({ fault }: { readonly fault?: readonly string[] }): readonly string[] | undefined {
  const unknown = fault?.find((slug) => findFault(slug) === undefined)
  if (unknown !== undefined)
    throw new UsageError(
      wantedOneOf(
        '--fault',
        unknown,
        faults.map(({ slug }) => slug),
        'siplab faults list',
      ),
    )
  return fault
}

export function versionsOf({ tls }: { readonly tls?: TlsVersion }): readonly TlsVersion[] {
  return tls === undefined ? tlsVersions : [tls]
}

export function surveyClock(): SurveyClock {
  return {
    now: () => performance.now(),
    wall: Date.now,
    pause: (ms, signal) =>
      new Promise((done) => {
        if (signal.aborted) return done()
        const finish = (): void => {
          clearTimeout(timer)
          signal.removeEventListener('abort', finish)
          done()
        }
        const timer = setTimeout(finish, ms)
        signal.addEventListener('abort', finish)
      }),
  }
}
