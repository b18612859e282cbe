import { Readable } from 'node:stream'
import { Router } from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import type { CustomerDesk } from '../customers/customer-desk.ts'
import { Problem } from './problem.ts'
import { streamLines } from './stream-lines.ts'

export type CustomerRouteDeps = {
  readonly desk: CustomerDesk
  readonly onError: (error: unknown, requestId: string) => void
}

const importQuery = z.object({
  name: z.string().min(1).max(255).default('upload'),
  resume: z.stringbool().default(false),
  dryRun: z.stringbool().default(false),
  wrap: z.stringbool().default(true),
  totalBytes: z.coerce.number().int().positive().optional(),
})

/** Moving customers in and out, and what the law asks for. */
export function customerRoutes({ desk, onError }: CustomerRouteDeps): Router {
  const router = new Router({ prefix: '/v1/customers' })
  const report = (ctx: Context) => (error: unknown) => onError(error, ctx.state.requestId as string)

  router.post('/import', (ctx) => {
    const query = importQuery.safeParse(ctx.query)
    if (!query.success)
      throw new Problem(400, 'invalid-query', query.error.issues.map((issue) => issue.message).join('; '))
    const { totalBytes, ...options } = query.data
    const work = async (emit: (line: object) => void, signal: AbortSignal) => {
      const outcome = await desk.import(ctx.req, {
        ...options,
        ...(totalBytes && { totalBytes }),
        signal,
        onProgress: (progress) => emit({ progress }),
        onProblem: (problem) => emit({ problem }),
      })
      emit({ report: outcome })
    }
    streamLines(ctx as unknown as Context, work, report(ctx as unknown as Context))
  })
  router.post('/wrap', (ctx) => {
    const work = async (emit: (line: object) => void, signal: AbortSignal) => {
      const outcome = await desk.wrapFastHashes({ signal, onProgress: (progress) => emit({ progress }) })
      emit({ report: outcome })
    }
    streamLines(ctx as unknown as Context, work, report(ctx as unknown as Context))
  })
  router.get('/migration', async (ctx) => {
    ctx.body = await desk.migrationStatus()
  })
  router.get('/export', (ctx) => {
    ctx.type = 'application/x-ndjson'
    ctx.body = Readable.from(desk.exportAll({ withHashes: ctx.query.hashes === 'true' }))
  })
  router.get('/:reference/personal-data', async (ctx) => {
    ctx.body = (await desk.exportPersonalData(referenceOf(ctx.params))) ?? notFound(referenceOf(ctx.params))
  })
  router.post('/:reference/erase', async (ctx) => {
    const reference = referenceOf(ctx.params)
    const erasure = await desk.erase(reference)
    ctx.body = erasure.outcome === 'erased' ? erasure : notFound(reference)
  })
  return router
}

function referenceOf(params: Record<string, string | undefined>): string {
  return params.reference ?? ''
}

function notFound(reference: string): never {
  throw new Problem(404, 'unknown-customer', `There is no customer with the reference "${reference}".`)
}
