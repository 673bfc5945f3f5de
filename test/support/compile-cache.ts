/**
 * Loaded before every test file (`tap.node-arg` in package.json): sources stripped of their types and compiled are
 * kept for the next process, below the folder of temporary files. Most of a second of CPU for each process that loads
 * siplab.
 */
import { enableCompileCache } from 'node:module'

// A function that comes compiled is counted less exactly.
if (process.env.TAP_DISABLE_COVERAGE === '1') enableCompileCache()
