/** Files that leave the lab as they found it share one. */
import { runFolder } from '../support/in-one-process.ts'

await runFolder('lab/on-standard')
