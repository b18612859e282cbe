/** A program: makes the embedded database in the directory that is its argument, and ends. `new-embedded.ts` runs it. */
import { PGlite } from '@electric-sql/pglite'

const [, , directory] = process.argv
if (directory === undefined) throw new Error('which directory?')
const pglite = new PGlite(directory)
await pglite.waitReady
await pglite.close()
