type Entry<T> = { readonly value: Promise<T>; readonly staleAtMs: number; here?: { readonly value: T } }

/**
 * Remembers what `load` found for `ttlSeconds`, up to `limit` keys, and shares one load among callers who ask at the
 * same time. `forget` and `clear` forget one key and everything: call them when something changed, here or on another node.
 */
export function createCache<T>(
  load: (key: string) => Promise<T>,
  { ttlSeconds, limit, now = () => Date.now() }: { ttlSeconds: number; limit: number; now?: () => number },
) {
  const entries = new Map<string, Entry<T>>()

  return {
    get(key: string): Promise<T> {
      const entry = entries.get(key)
      if (entry && entry.staleAtMs > now()) return entry.value
      const value = load(key)
      const [oldest] = entries.keys()
      if (entries.size >= limit && oldest !== undefined) entries.delete(oldest)
      const fresh: Entry<T> = { value, staleAtMs: now() + ttlSeconds * 1000 }
      entries.delete(key)
      entries.set(key, fresh)
      value.then(
        (loaded) => {
          fresh.here = { value: loaded }
        },
        () => {
          if (entries.get(key) === fresh) entries.delete(key)
        },
      )
      return value
    },
    /** What is remembered and need not be waited for. */
    peek(key: string): T | undefined {
      const entry = entries.get(key)
      return entry && entry.staleAtMs > now() ? entry.here?.value : undefined
    },
    forget(key: string): void {
      entries.delete(key)
    },
    clear(): void {
      entries.clear()
    },
  }
}

/** What happened lately, by key: a map that forgets its oldest entry when it holds more than `limit`. */
export function createRecent<Value, Key = string>(limit: number) {
  const entries = new Map<Key, Value>()
  return {
    get: (key: Key): Value | undefined => entries.get(key),
    set(key: Key, value: Value): void {
      entries.delete(key)
      entries.set(key, value)
      const [oldest] = entries.keys()
      if (entries.size > limit && oldest !== undefined) entries.delete(oldest)
    },
    delete: (key: Key): void => void entries.delete(key),
    clear: (): void => entries.clear(),
  }
}
