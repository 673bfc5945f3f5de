import { existsSync, readFileSync } from 'node:fs'

/** A program that is not ours ended by itself in the middle: what was to be shown with it is not shown. */
export class ForeignDeath extends Error {
  /** @param output what the program wrote; its last ten lines are told */
  constructor(program: string, how: string, output: string) {
    const lastLines = output.trimEnd().split('\n').slice(-10)
    super(`${program} died (${how}); its last lines:\n${lastLines.map((line) => `  ${line}`).join('\n')}`)
    this.name = 'ForeignDeath'
  }
}

/** The content of a log that may not have been begun. */
export function logText(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

/** Exit status of a job that cannot say anything; .ci/run counts it as skipped. */
export const skippedStatus = 75
