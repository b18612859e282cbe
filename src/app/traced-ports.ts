import type { Passwords } from '../credentials/passwords.ts'
import type { Database } from '../database/database.ts'
import type { SigningKey } from '../keys/signing-key.ts'
import type { Storage } from '../storage/storage.ts'
import { ARTIFACT_TRIPS, OTHER_TRIPS } from '../storage/trips.ts'
import { traceQueries } from '../tracing/queries.ts'
import { traced } from '../tracing/traced.ts'
import type { Tracing } from '../tracing/tracing.ts'

/**
 * The seams at which a request's time is told apart: what it waits for. Nothing inside the domain knows of it, and
 * without a collector every port is what it was.
 */
export function createTracedPorts(tracing: Tracing | undefined) {
  return {
    queries({ knex }: Database): void {
      if (tracing) traceQueries(tracing, knex)
    },
    storage(storage: Storage): Storage {
      if (!tracing) return storage
      // Of artifacts the kind is told, never the id; names of counters hold digests of logins.
      const artifacts = traced(tracing, storage, {
        name: 'storage',
        methods: ARTIFACT_TRIPS,
        describe: (_method, [kind]) => ({ 'vestibule.artifact': String(kind) }),
      })
      return traced(tracing, artifacts, { name: 'storage', methods: OTHER_TRIPS })
    },
    passwords: (passwords: Passwords): Passwords =>
      tracing ? traced(tracing, passwords, { name: 'passwords', methods: ['hash', 'verify'] }) : passwords,
    signingKeys: (keys: readonly SigningKey[]): readonly SigningKey[] =>
      tracing
        ? keys.map((key) => traced(tracing, key, { name: 'key', methods: ['sign'], describe: () => describeKey(key) }))
        : keys,
  }
}

function describeKey({ algorithm, kid }: SigningKey) {
  return { 'vestibule.key.algorithm': algorithm, 'vestibule.key.kid': kid }
}
