/**
 * How long a test waits for what must come, milliseconds. Nothing is measured by it: it only ends a test that would
 * wait for ever, so it is far longer than anything takes on a machine that is busy with other things.
 */
export const guardMs = 120_000
