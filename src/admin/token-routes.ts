import { Router } from '@koa/router'
import { z } from 'zod'
import type { FindToken } from '../oauth/token-status.ts'
import { readJson } from './read-json.ts'

const body = z.strictObject({ token: z.string().min(1).max(65_536) })

/** One token, looked at from inside: whose it is, and why it works or does not. The token itself is never kept. */
export function tokenRoutes({ findToken }: { readonly findToken: FindToken }): Router {
  const router = new Router({ prefix: '/v1/tokens' })
  router.post('/inspect', async (ctx) => {
    const { token } = await readJson(ctx, body)
    ctx.body = await findToken(token)
  })
  return router
}
