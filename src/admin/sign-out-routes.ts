import { Router } from '@koa/router'
import { z } from 'zod'
import type { NotBefore } from '../oauth/not-before.ts'
import { readJson } from './read-json.ts'

const subject = z.discriminatedUnion('of', [
  z.strictObject({ of: z.literal('everybody'), before: z.iso.datetime().optional() }),
  z.strictObject({
    of: z.enum(['customer', 'company-user', 'client']),
    id: z.string().min(1),
    before: z.iso.datetime().optional(),
  }),
])

/** "Sign out everywhere", of one or of all: what was granted until an instant is dead on its next use. */
export function signOutRoutes({ notBefore }: { readonly notBefore: NotBefore }): Router {
  const router = new Router({ prefix: '/v1/sign-outs' })
  router.post('/', async (ctx) => {
    const { before, ...who } = await readJson(ctx, subject)
    const atMs = before ? Date.parse(before) : Date.now()
    await notBefore.set(who, atMs)
    ctx.body = { ...who, before: new Date(atMs).toISOString() }
  })
  return router
}
