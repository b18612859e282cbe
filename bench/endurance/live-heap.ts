type Answer = { readonly id: number; readonly result: { readonly usedSize?: number } }

/** Reads what a Node process that was started with `--inspect=127.0.0.1:PORT` still holds, as a debugger would. */
export type LiveHeap = {
  /** Bytes of its heap after a full collection of garbage. */
  bytes(): Promise<number>
  close(): void
}

/** Connects to the inspector at `port` of this machine. */
export async function openLiveHeap(port: number): Promise<LiveHeap> {
  const targets = await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()
  const [{ webSocketDebuggerUrl }] = targets as [{ webSocketDebuggerUrl: string }] // Node has one target
  const socket = new WebSocket(webSocketDebuggerUrl)
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true })
    socket.addEventListener('error', () => reject(new Error(`no inspector answers at ${port}`)), { once: true })
  })
  let asked = 0
  const waiting = new Map<number, (answer: Answer) => void>()
  socket.addEventListener('message', ({ data }) => {
    const answer = JSON.parse(String(data)) as Answer // the protocol of the inspector
    waiting.get(answer.id)?.(answer)
    waiting.delete(answer.id)
  })

  async function ask(method: string): Promise<Answer['result']> {
    const id = ++asked
    const answered = new Promise<Answer>((resolve) => waiting.set(id, resolve))
    socket.send(JSON.stringify({ id, method }))
    return (await answered).result
  }
  return {
    async bytes() {
      await ask('HeapProfiler.collectGarbage')
      const { usedSize = 0 } = await ask('Runtime.getHeapUsage')
      return usedSize
    },
    close: () => socket.close(),
  }
}
