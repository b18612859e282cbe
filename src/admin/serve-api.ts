import { AsyncLocalStorage } from 'node:async_hooks'
import { Readable } from 'node:stream'
import type { Context, Middleware } from 'koa'
import { isOfAnotherSite } from '../http/other-site.ts'
import { readText } from '../http/read-body.ts'
import { requestState } from '../http/request-state.ts'
import type { AdminApi } from './api.ts'
import type { Identify } from './identify.ts'
import { Problem } from './problem.ts'

const BODY_LIMIT_BYTES = 1024 * 1024

export type ServeApiDeps = {
  readonly api: AdminApi
  readonly identify: Identify
  readonly onError: (error: unknown, requestId: string) => void
}

/** Answers requests for `/v1/` by the admin API. */
export function serveApi({ api, identify, onError }: ServeApiDeps): Middleware {
  return async function answerByApi(ctx, next) {
    if (!ctx.path.startsWith('/v1/')) return next()
    // Before anything is counted or audited: an operator's browser would lock administrators out for such a page.
    if (isOfAnotherSite(ctx)) throw anotherSite()
    const [, scheme = '', presented = ''] = /^(\S+) +(.*)$/.exec(ctx.get('Authorization')) ?? []
    const requestId = requestState(ctx).requestId
    const answer = await api.answer({
      method: ctx.method,
      path: ctx.path,
      query: ctx.query,
      readBody: () => readJson(ctx),
      stream: ctx.req,
      ifMatch: ctx.get('If-Match'),
      actor: scheme.toLowerCase() === 'bearer' ? await identify(presented) : undefined,
      ip: ctx.ip,
      requestId,
    })
    ctx.set('Cache-Control', 'no-store')
    ctx.status = answer.status
    if (answer.etag) ctx.set('ETag', answer.etag)
    if (answer.lines) {
      ctx.type = 'application/x-ndjson'
      ctx.body = Readable.from(toText(keepRequest(answer.lines), (error) => onError(error, requestId), requestId))
    } else if (answer.body !== undefined) {
      ctx.body = answer.body
    }
  }
}

function anotherSite(): Problem {
  return new Problem(403, 'another-site', 'The admin API does not answer pages of other sites. Ask it from a program.')
}

/** The body as JSON; an empty one reads as `{}`. */
async function readJson(ctx: Context): Promise<unknown> {
  const text = await readText(ctx, { limitBytes: BODY_LIMIT_BYTES })
  if (text.trim() === '') return {}
  try {
    return JSON.parse(text)
  } catch {
    throw new Problem(400, 'malformed-json', 'The body is not JSON.')
  }
}

/** The work is done while the answer is read, and what it writes into the audit trail names the request it is done for. */
function keepRequest(lines: AsyncIterable<object>): AsyncGenerator<object> {
  return inContext(AsyncLocalStorage.snapshot(), lines)
}

async function* inContext(
  inRequest: ReturnType<typeof AsyncLocalStorage.snapshot>,
  lines: AsyncIterable<object>,
): AsyncGenerator<object> {
  const iterator = lines[Symbol.asyncIterator]()
  try {
    for (;;) {
      const { done, value } = await inRequest(() => iterator.next())
      if (done) return
      yield value
    }
  } finally {
    await iterator.return?.()
  }
}

/** A failure in the middle is the last line, because the status has long been sent. */
async function* toText(
  lines: AsyncIterable<object>,
  onError: (error: unknown) => void,
  requestId: string,
): AsyncGenerator<string> {
  try {
    for await (const line of lines) yield `${JSON.stringify(line)}\n`
  } catch (error) {
    onError(error)
    yield `${JSON.stringify({ error: `the request failed and is incomplete; request id ${requestId}` })}\n`
  }
}
