/**
 * The Io of a program that has siplab inside it: no text of a command reaches the streams of that program, and its
 * signals stay its own.
 */
import type { Io } from './io.ts'

/** What a test runner sets for its own process; a node of a lab is no test. */
const notForNodes = new Set(['NODE_OPTIONS', 'NODE_TEST_CONTEXT'])

/** @param err gets progress and complaints; nothing is kept unless given */
export function quietIo(err: (text: string) => void = () => undefined): Io {
  return {
    out: () => undefined,
    err,
    octets: () => Promise.resolve(),
    environment: Object.fromEntries(Object.entries(process.env).filter(([name]) => !notForNodes.has(name))),
    workingFolder: process.cwd(),
    colours: { out: false, err: false },
    outIsTerminal: false,
    onInterrupt: () => () => undefined,
    onInputEnd: () => undefined,
    lines: noInput,
    input: noInput,
    closeInput: () => undefined,
  }
}

/** Standard input belongs to the program around siplab. */
async function* noInput(): AsyncGenerator<never> {}
