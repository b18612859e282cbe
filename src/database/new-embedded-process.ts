/**
 * A program: makes the embedded database in the directory that is its argument, with all tables, prints how many
 * migrations it applied, and ends. `new-embedded.ts` runs it.
 */

import { migrate } from './migrate.ts'
import { openInstance } from './pglite/embedded-instance.ts'
import { knexOn } from './pglite/embedded-knex.ts'

const [, , directory] = process.argv
if (directory === undefined) throw new Error('which directory?')
const instance = await openInstance(directory)
const knex = knexOn(instance)
const { applied } = await migrate(knex)
await knex.destroy()
await instance.close()
console.log(applied.length)
