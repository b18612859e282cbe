type Waiting<Item, Answer> = {
  readonly item: Item
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

/**
 * Does together what is asked for in one turn of the event loop: `doAll` gets at most `most` items, and says what came of each
 * in their order. All who asked together hear of the same failure.
 */
export function createBatches<Item, Answer>(
  doAll: (items: readonly Item[]) => Promise<readonly Answer[]>,
  { most }: { readonly most: number },
): (item: Item) => Promise<Answer> {
  let waiting: Waiting<Item, Answer>[] = []

  function send(): void {
    const asked = waiting
    waiting = []
    if (asked.length === 0) return
    doAll(asked.map(({ item }) => item)).then(
      (answers) => {
        asked.forEach(({ resolve }, index) => {
          // There are as many answers as items.
          resolve(answers[index] as Answer)
        })
      },
      (error: unknown) => {
        for (const { reject } of asked) reject(error)
      },
    )
  }

  return (item) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(send)
      waiting.push({ item, resolve, reject })
      if (waiting.length >= most) send()
    })
}

/** Looks up together what is asked for in one turn of the event loop: `load` gets each key once, and answers with what it found by key. */
export function createGather<T>(
  load: (keys: readonly string[]) => Promise<ReadonlyMap<string, T>>,
  options: { readonly most: number },
): (key: string) => Promise<T | undefined> {
  return createBatches(async (keys) => {
    const found = await load([...new Set(keys)])
    return keys.map((key) => found.get(key))
  }, options)
}
