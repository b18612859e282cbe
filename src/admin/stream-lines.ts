import { PassThrough } from 'node:stream'
import type { Context } from 'koa'

/**
 * Answers long work as it goes on: newline-delimited JSON, a line each time `emit` is called. A failure in the middle
 * is the last line, `{"error":…}`, because the status has long been sent.
 */
export function streamLines(
  ctx: Context,
  work: (emit: (line: object) => void, signal: AbortSignal) => Promise<void>,
  onError: (error: unknown) => void,
): void {
  const stream = new PassThrough()
  const abort = new AbortController()
  ctx.res.once('close', () => abort.abort())
  ctx.status = 200
  ctx.type = 'application/x-ndjson'
  ctx.body = stream
  const emit = (line: object) => void stream.write(`${JSON.stringify(line)}\n`)
  work(emit, abort.signal)
    .catch((error: unknown) => {
      onError(error)
      emit({ error: `the work broke off; request id ${ctx.state.requestId}` })
    })
    .finally(() => stream.end())
}
