import knexFactory, { type Knex } from 'knex'
import type { EmbeddedInstance } from './embedded-instance.ts'
import { pgliteClient } from './pglite-client.ts'

/** knex on the embedded database. Who asked gets an error and logs it; knex would write it to standard output as well. */
export function knexOn(instance: EmbeddedInstance): Knex {
  return knexFactory({ client: pgliteClient(instance), connection: {}, log: { warn() {}, error() {} } })
}
