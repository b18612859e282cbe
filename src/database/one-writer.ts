import { AsyncLocalStorage } from 'node:async_hooks'

/**
 * Writes together what is asked for while an earlier write is under way, one write at a time and at most `most` items in one. An item that
 * comes alone is written at once. All that were written together hear of the same failure.
 */
export function createOneWriter<Item, Answer>(
  writeAll: (items: readonly Item[]) => Promise<readonly Answer[]>,
  { most }: { readonly most: number },
): OneWriter<Item, Answer> {
  type Waiting = { item: Item; resolve: (answer: Answer) => void; reject: (error: unknown) => void }
  let waiting: Waiting[] = []
  let writing: Promise<void> | undefined
  // A write is of many requests: none of them bounds it or is billed for it.
  const apart = AsyncLocalStorage.snapshot()

  async function write(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, most)
      waiting = waiting.slice(most)
      try {
        const answers = await writeAll(batch.map(({ item }) => item))
        for (const [index, { resolve }] of batch.entries()) resolve(answers[index] as Answer) // as many answers as items
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    writing = undefined
  }

  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject })
        writing ??= apart(write)
      }),
    async flush() {
      while (writing) await writing
    },
  }
}

export type OneWriter<Item, Answer> = {
  add(item: Item): Promise<Answer>
  /** Waits until everything added so far is written, or failed. */
  flush(): Promise<void>
}
