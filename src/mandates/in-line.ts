/** Runs steps of one name one after the other, in the order in which they came; undefined where too many wait already. */
export type InLine = <T>(name: string, step: () => Promise<T>) => Promise<T> | undefined

/**
 * A line for each name, on this node. Steps that would wait for the same lock of the database wait here instead: each line takes
 * one connection, so that one busy name leaves the others theirs.
 */
export function createInLine(most: number): InLine {
  const lines = new Map<string, { last: Promise<unknown>; waiting: number }>()

  return function inLine(name, step) {
    const line = lines.get(name) ?? { last: Promise.resolve(), waiting: 0 }
    if (line.waiting >= most) return undefined
    lines.set(name, line)
    line.waiting++
    const mine = line.last.then(step, step).finally(() => {
      line.waiting--
      if (line.waiting === 0) lines.delete(name)
    })
    line.last = mine
    return mine
  }
}
