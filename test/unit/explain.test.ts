import { runFolder } from '../support/in-one-process.ts'

await runFolder('explain')
