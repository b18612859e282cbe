import { createLog } from '../../src/log.ts'

/** A log that says nothing. */
export const quiet = createLog('silent')
