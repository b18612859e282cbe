import { z } from 'zod'
import type { SignOutCutOffs } from '../../../oauth/sign-out-cut-offs.ts'
import { type Route, route } from '../route.ts'
import { instant, text } from '../shapes.ts'

const subject = z.discriminatedUnion('of', [
  z.strictObject({ of: z.literal('everybody'), before: instant.optional() }),
  z.strictObject({
    of: z.enum(['customer', 'company-user', 'client']),
    id: text.min(1),
    before: instant.optional(),
  }),
])
const done = z.object({
  of: z.enum(['everybody', 'customer', 'company-user', 'client']),
  id: z.string().optional(),
  before: z.iso.datetime(),
})

/** "Sign out everywhere", of one or of all: what was granted until an instant is dead on its next use. */
export function signOutRoutes({ cutOffs }: { readonly cutOffs: SignOutCutOffs }): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/sign-outs',
      summary: 'End everything that was granted to somebody, or to all, before an instant',
      permission: 'grants:revoke',
      alsoNeeds: ({ body: { of } }) => (of === 'client' || of === 'everybody' ? 'grants:revoke-all' : undefined),
      body: subject,
      result: done,
      audit: 'sign-out-everywhere',
      about: ({ body }) =>
        body.of === 'customer' ? { customerId: body.id } : body.of === 'client' ? { clientId: body.id } : {},
      async handle({ body: { before, ...who } }) {
        const atMs = before === undefined ? Date.now() : before * 1000
        await cutOffs.set(who, atMs)
        return { ...who, before: new Date(atMs).toISOString() }
      },
    }),
  ]
}
