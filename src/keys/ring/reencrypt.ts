import type { KeyStore } from '../key-store.ts'

/** Writes every key anew, encrypted with the first secret of KEY_ENCRYPTION_KEY; returns how many keys there are. */
export async function reencrypt(store: KeyStore): Promise<number> {
  return store.exclusively(async ({ records, save }) => {
    for (const record of records) await save(record)
    return records.length
  })
}
