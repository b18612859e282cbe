import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Knex } from 'knex'
import type { Storage } from '../../storage/storage.ts'
import { type KeyStore, KeyStoreError } from '../key-store.ts'
import { openFileKeyStore } from './file-store.ts'
import { createProtector, type Protector } from './protector.ts'
import { sqlRemovedKeys, storageRemovedKeys, withRemovedKeys } from './removed-keys.ts'
import { openSqlKeyStore } from './sql-store.ts'

export type KeyStoreSettings = {
  readonly KEYS_URL: string
  readonly KEY_ENCRYPTION_KEY?: string | undefined
  /** The database; `sql:` keeps keys in it, `file:` only remembers there which keys were removed. */
  readonly knex?: Knex | undefined
  /** Remembers removed keys for `sql:`, where it is not the same database. */
  readonly storage?: Pick<Storage, 'put' | 'getMany'> | undefined
  /** Epoch seconds; a test moves it. */
  readonly now?: (() => number) | undefined
}

type Opener = (settings: KeyStoreSettings, protector: Protector) => Promise<KeyStore>

/** Every key store there is, by the scheme of KEYS_URL. */
const stores: Readonly<Record<string, Opener>> = {
  async file({ KEYS_URL, knex, now = systemClock }, protector) {
    const store = await openFileKeyStore({ directory: directoryOf(KEYS_URL), protector, now })
    return knex ? withRemovedKeys(store, [sqlRemovedKeys(knex)]) : store
  },
  async sql({ knex, storage, now }, protector) {
    if (!knex)
      throw new KeyStoreError('KEYS_URL is "sql:" and there is no database. Set KEYS_URL to a file: directory.')
    const store = openSqlKeyStore({ knex, protector, now })
    return storage ? withRemovedKeys(store, [storageRemovedKeys(storage)]) : store
  },
}

/**
 * Opens the key store that KEYS_URL names.
 *
 * @throws {KeyStoreError} when there is no such store, it cannot be used, or KEY_ENCRYPTION_KEY is too short.
 */
export async function openKeyStore(settings: KeyStoreSettings): Promise<KeyStore> {
  const scheme = settings.KEYS_URL.split(':', 1)[0] ?? ''
  const open = Object.hasOwn(stores, scheme) ? stores[scheme] : undefined
  if (!open) {
    const known = Object.keys(stores).map((name) => `${name}:`)
    throw new KeyStoreError(`KEYS_URL is "${settings.KEYS_URL}". It must start with ${known.join(' or ')}.`)
  }
  return open(settings, createProtector(settings.KEY_ENCRYPTION_KEY))
}

function directoryOf(url: string): string {
  return url.startsWith('file:///') ? fileURLToPath(url) : resolve(url.slice('file:'.length))
}

function systemClock(): number {
  return Math.floor(Date.now() / 1000)
}
