/**
 * Remembers what `load` found for `ttlSeconds`, up to `limit` keys, and shares one load among callers who ask at the
 * same time. `forget` and `clear` forget one key and everything: call them when something changed, here or on another node.
 */
export function createCache<T>(
  load: (key: string) => Promise<T>,
  { ttlSeconds, limit, now = () => Date.now() }: { ttlSeconds: number; limit: number; now?: () => number },
) {
  const entries = new Map<string, { value: Promise<T>; staleAtMs: number }>()

  return {
    get(key: string): Promise<T> {
      const entry = entries.get(key)
      if (entry && entry.staleAtMs > now()) return entry.value
      const value = load(key)
      const [oldest] = entries.keys()
      if (entries.size >= limit && oldest !== undefined) entries.delete(oldest)
      const fresh = { value, staleAtMs: now() + ttlSeconds * 1000 }
      entries.delete(key)
      entries.set(key, fresh)
      value.catch(() => {
        if (entries.get(key) === fresh) entries.delete(key)
      })
      return value
    },
    forget(key: string): void {
      entries.delete(key)
    },
    clear(): void {
      entries.clear()
    },
  }
}
