import { Router } from '@koa/router'
import { z } from 'zod'
import type { DialectUses } from '../clients/dialect-uses.ts'
import { Problem } from './problem.ts'

export type DialectRouteDeps = {
  readonly dialectUses: { list(since: string): Promise<DialectUses[]> }
}

const MONTH_MS = 30 * 86_400_000
const day = z.iso.date()

/** Which client still uses which dialect: whom a sunset would hit. */
export function dialectRoutes({ dialectUses }: DialectRouteDeps): Router {
  const router = new Router({ prefix: '/v1/dialects' })
  router.get('/uses', async (ctx) => {
    const asked = ctx.query.since ?? new Date(Date.now() - MONTH_MS).toISOString().slice(0, 10)
    const since = day.safeParse(asked)
    if (!since.success) throw new Problem(400, 'invalid-query', 'since must be a day like 2026-11-01.')
    ctx.body = { uses: await dialectUses.list(since.data) }
  })
  return router
}
