import type { Config } from '../config.ts'
import type { Sealing } from '../credentials/second-factors.ts'
import type { Database } from '../database/database.ts'
import { openSecretGenerations, type SecretGenerations } from '../database/secret-generations.ts'
import { serverSecret } from '../database/server-secrets.ts'
import type { Sealed } from '../keys/key-record.ts'
import { createProtector } from '../keys/stores/protector.ts'
import type { Log } from '../log.ts'
import type { Storage } from '../storage/storage.ts'
import type { CloseStep } from './close-step.ts'

/** Secrets of the server's own. */
export type Secrets = { readonly cookies: SecretGenerations; readonly tokens: SecretGenerations }

/** What this deployment made for itself and can replace without a restart. */
export async function openSecrets(
  log: Log,
  { database: { knex }, storage }: { database: Database; storage: Storage },
  closeSteps: CloseStep[],
): Promise<Secrets> {
  const open = async (name: string) => {
    await serverSecret(knex, name)
    const onError = (error: unknown) => log.warn({ event: 'secrets.follow-failed', err: error })
    const secret = await openSecretGenerations({ knex, name, announcements: storage, onError })
    closeSteps.push(secret.close)
    return secret
  }
  return { cookies: await open('cookies'), tokens: await open('refresh-tokens') }
}

/**
 * Seals what is kept in the database. KEY_ENCRYPTION_KEY does; without it a secret of the server's own, which opens what it
 * sealed for good. `noun` says in a complaint what cannot be opened.
 */
export async function openSealing(
  { KEY_ENCRYPTION_KEY }: Pick<Config, 'KEY_ENCRYPTION_KEY'>,
  knex: Database['knex'],
  { name, noun }: { readonly name: string; readonly noun: string },
): Promise<Sealing> {
  const secrets = [KEY_ENCRYPTION_KEY, await serverSecret(knex, name)].filter(Boolean).join(',')
  const { seal, open } = createProtector(secrets, { noun, home: 'the database' })
  return { seal, open: (id: string, sealed: object) => open(id, sealed as Sealed) } // sealed by the same protector
}
