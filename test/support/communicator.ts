/** The headless Communicator-compatible client (clients/communicator): one account of a lab, gone after its test. */
import { existsSync } from 'node:fs'
import type { Test } from 'tap'
import { Communicator as Client, type CommunicatorSettings } from '../../src/phone/communicator.ts'
import type { TestLab } from './lab.ts'

/** Where `.ci/jobs/communicator` has built it; empty: it is not there. */
const communicatorProgram = process.env['COMMUNICATOR'] ?? ''

/** A reason to skip; false: the client is there. */
export const noCommunicator =
  communicatorProgram !== '' && existsSync(communicatorProgram)
    ? false
    : 'COMMUNICATOR names no client: run .ci/jobs/communicator, which builds it'

export interface CommunicatorOptions
  extends Pick<CommunicatorSettings, 'login' | 'server' | 'transport' | 'resolve' | 'ca' | 'more'> {
  readonly user: string
  /** Absent: the right one of the lab. */
  readonly password?: string
}

/** Signs on when it starts; it is gone when the test ends. */
export class Communicator extends Client {
  constructor(t: Test, lab: TestLab, { user, password, ...settings }: CommunicatorOptions) {
    const account = lab.ready.users.find(({ login }) => login === user)
    if (account === undefined) throw new Error(`the lab has no user ${user}`)
    super({
      ...settings,
      program: communicatorProgram,
      account: account.uri.slice('sip:'.length),
      password: password ?? account.password,
      environment: process.env,
    })
    t.teardown(() => this.kill())
  }
}
