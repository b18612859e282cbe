import { z } from 'zod'
import { type createDocumentBlocking, readBlockTarget } from '../../../clients/documents/blocking.ts'
import type { DocumentRows } from '../../../clients/documents/document-rows.ts'
import type { ClientDocuments } from '../../../clients/documents/documents.ts'
import { Problem } from '../../problem.ts'
import { sentenceOf } from '../fields.ts'
import { type Route, route } from '../route.ts'
import { epochSeconds, pageOf, pageQuery, text } from '../shapes.ts'

const clientId = z.string().describe('The client_id, which is the address of the document.')
const target = z.string().describe('A host, with its port where that is not 443, or a whole address.')
const reason = z.string().optional().describe('Why, for other operators.')

const shown = z
  .object({
    clientId,
    host: z.string().describe('The host of the address, which people are shown.'),
    name: z.string().describe('The name that it gives itself.'),
    redirectHosts: z.array(z.string()).describe('The hosts that people go on to with the answer.'),
    isBlocked: z.boolean().describe('Whether an operator blocked it, or its host.'),
    firstSeenAt: epochSeconds('When it was read first'),
    lastUsedAt: epochSeconds('When a sign-in began with it last, give or take an hour'),
    consentedAt: epochSeconds('When somebody let it in last').optional(),
    freshUntil: epochSeconds('Until when it is used without asking its address again'),
    links: z.int().describe('How many people have tokens of it on record that have not expired.'),
  })
  .meta({ id: 'ClientDocument' })

const block = z
  .object({ target, blockedBy: z.string().describe('Who blocked it.'), createdAt: epochSeconds('When'), reason })
  .meta({ id: 'ClientDocumentBlock' })

const checked = z
  .object({
    isUsable: z.boolean().describe('Whether a sign-in could begin with it.'),
    problem: z.string().optional().describe('Why not.'),
    name: z.string().optional().describe('The name that it gives itself.'),
    redirectUris: z.array(z.string()).optional().describe('Where it may send people.'),
  })
  .meta({ id: 'CheckedClientDocument' })

/** A document, a block and a check as the API shows them. */
export type ShownDocument = z.output<typeof shown>
export type ShownBlock = z.output<typeof block>
export type CheckedDocument = z.output<typeof checked>

const named = z.object({
  target: text
    .min(1)
    .max(255)
    .refine((given) => readBlockTarget(given) !== undefined, {
      error: 'must be a host in small letters such as app.example, or a whole https address as a client_id has it',
    })
    .describe(sentenceOf(target)),
})
const blocked = z.object({ target })

export type ClientDocumentRouteDeps = {
  readonly rows: Pick<DocumentRows, 'list' | 'blocks'>
  readonly blocking: ReturnType<typeof createDocumentBlocking>
  readonly check: ClientDocuments['check']
}

/** Clients that metadata documents describe, and whom operators shut out. */
export function clientDocumentRoutes({ rows, blocking, check }: ClientDocumentRouteDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/client-documents',
      summary: 'Client metadata documents on record, by client id',
      permission: 'clients:read',
      query: pageQuery,
      result: pageOf(shown),
      async handle({ query }) {
        const { items, ...rest } = await rows.list(query, Math.floor(Date.now() / 1000))
        return {
          items: items.map(({ metadata, digest: _digest, redirectHosts, ...item }) => ({
            ...item,
            name: metadata.client_name ?? item.host,
            redirectHosts,
          })),
          ...rest,
        }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/client-documents/check',
      summary: 'Fetch a client metadata document now, and say what is wrong with it; nothing is kept',
      permission: 'clients:switch',
      body: z.object({ clientId: text.min(1).max(255).describe(sentenceOf(clientId)) }),
      result: checked,
      handle: ({ body }) => check(body.clientId),
    }),
    route({
      method: 'GET',
      path: '/v1/client-documents/blocks',
      summary: 'Blocked hosts and addresses of client metadata documents',
      permission: 'clients:read',
      query: pageQuery,
      result: pageOf(block),
      handle: ({ query }) => rows.blocks(query),
    }),
    route({
      method: 'POST',
      path: '/v1/client-documents/block',
      summary: 'Block a host or an address: no sign-in begins with its documents, and every token of theirs ends',
      permission: 'clients:switch',
      body: named.extend({ reason: text.max(500).optional().describe(sentenceOf(reason)) }),
      result: blocked,
      refusals: [409],
      audit: 'client-document.blocked',
      async handle({ body: { target, reason }, actor, note }) {
        note({ after: { target, ...(reason !== undefined && { reason }) } })
        const isNew = await blocking.block({ target, blockedBy: actor.name, ...(reason !== undefined && { reason }) })
        if (isNew) return { target }
        throw new Problem(409, 'blocked-already', `"${target}" is blocked already. What it still held has ended now.`)
      },
    }),
    route({
      method: 'POST',
      path: '/v1/client-documents/unblock',
      summary: 'Let a blocked host or address in again; tokens that were ended stay so',
      permission: 'clients:switch',
      body: named,
      result: blocked,
      refusals: [404],
      audit: 'client-document.unblocked',
      async handle({ body: { target }, note }) {
        note({ before: { target } })
        if (await blocking.unblock(target)) return { target }
        throw new Problem(404, 'not-blocked', `"${target}" is not blocked.`)
      },
    }),
  ]
}
