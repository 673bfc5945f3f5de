import { runRest } from '../support/in-one-process.ts'

await runRest()
