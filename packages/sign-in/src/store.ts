import { type Database, type DatabaseRequest, type DatabaseTable, inBrowser } from './browser.ts'
import type { State, Store } from './types.ts'

/** Until the page or the process ends. */
export function memoryStore(): Store {
  let kept: State | undefined
  return {
    get: async () => kept,
    async set(state) {
      kept = state
    },
  }
}

const TABLE = 'state'

/** In the browser's IndexedDB: a customer stays signed in after a reload, and the key still cannot be read. */
export function browserStore(name = 'vestibule-sign-in'): Store {
  const open = () =>
    new Promise<Database>((resolve, reject) => {
      const request = inBrowser().indexedDB.open(name, 1)
      request.onupgradeneeded = () => request.result.createObjectStore(TABLE)
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })

  async function run(mode: 'readonly' | 'readwrite', act: (table: DatabaseTable) => DatabaseRequest): Promise<unknown> {
    const database = await open()
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(TABLE, mode)
      const request = act(transaction.objectStore(TABLE))
      transaction.oncomplete = () => resolve(request.result)
      transaction.onerror = () => reject(transaction.error)
    }).finally(() => database.close())
  }

  return {
    get: async () => (await run('readonly', (table) => table.get(TABLE))) as State | undefined, // what `set` put there
    async set(state) {
      await run('readwrite', (table) => (state ? table.put(state, TABLE) : table.delete(TABLE)))
    },
  }
}
