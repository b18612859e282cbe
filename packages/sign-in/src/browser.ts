/** A request to IndexedDB, as far as it is used here. */
export type DatabaseRequest<Result = unknown> = {
  readonly result: Result
  readonly error: unknown
  onsuccess: (() => void) | null
  onerror: (() => void) | null
}

export type DatabaseTable = {
  get(name: string): DatabaseRequest
  put(value: unknown, name: string): DatabaseRequest
  delete(name: string): DatabaseRequest
}

export type Database = {
  createObjectStore(name: string): unknown
  transaction(
    name: string,
    mode: 'readonly' | 'readwrite',
  ): {
    objectStore(name: string): DatabaseTable
    error: unknown
    oncomplete: (() => void) | null
    onerror: (() => void) | null
  }
  close(): void
}

type Browser = {
  readonly indexedDB: {
    open(name: string, version: number): DatabaseRequest<Database> & { onupgradeneeded: (() => void) | null }
  }
  readonly navigator: { readonly credentials: { get(options: { readonly publicKey: unknown }): Promise<unknown> } }
  readonly PublicKeyCredential: { parseRequestOptionsFromJSON(options: unknown): unknown }
}

/** What only browsers have; the functions that use it say so. */
export function inBrowser(): Browser {
  return globalThis as unknown as Browser // Node has none of it, and its types say nothing of it
}
