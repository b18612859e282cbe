/** Long work as lines, one for each step. It is aborted when the caller stops reading. */
export async function* progressOf(
  work: (emit: (line: object) => void, signal: AbortSignal) => Promise<void>,
): AsyncGenerator<object> {
  const abort = new AbortController()
  const waiting: object[] = []
  let wake = () => {}
  let isDone = false
  const emit = (line: object) => {
    waiting.push(line)
    wake()
  }
  const running = work(emit, abort.signal).finally(() => {
    isDone = true
    wake()
  })
  // Thrown again below, once everything that was emitted before has been passed on.
  running.catch(() => {})
  try {
    while (!isDone || waiting.length > 0) {
      if (waiting.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      yield* waiting.splice(0)
    }
    await running
  } finally {
    abort.abort()
  }
}
