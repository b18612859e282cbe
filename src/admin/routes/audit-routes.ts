import { z } from 'zod'
import type { AdministratorDirectory } from '../../administrators/directory.ts'
import type { AuditEntry } from '../../audit/chain.ts'
import { AUDIT_EVENTS, type AuditEventType } from '../../audit/events.ts'
import type { AuditTrail } from '../../audit/trail.ts'
import { numberOfCursor, toPage } from '../../database/page.ts'
import { Problem } from '../problem.ts'
import { clientId, customerId, grantId, ip, requestId, sentenceOf } from './fields.ts'
import { customerIdOf, type FindCustomer } from './named-customer.ts'
import { type Route, route } from './route.ts'
import { instantInQuery, pageOf, pageQuery, text } from './shapes.ts'

/** As the trail has it. */
const isoInstant = instantInQuery.transform((seconds) => new Date(seconds * 1000).toISOString())
// `Object.keys` forgets the names.
const types = Object.keys(AUDIT_EVENTS) as [AuditEventType, ...AuditEventType[]]
const type = z.enum(types, 'is not an audit event; "npx vestibule audit events" lists them')
const query = pageQuery.extend({
  type: z
    .union([type, z.array(type)])
    .optional()
    .describe('An event, or several of them.'),
  customer: text.min(1).optional().describe('A customer by id, reference or e-mail address.'),
  customerId: text.optional().describe(sentenceOf(customerId)),
  clientId: text.optional().describe(sentenceOf(clientId)),
  actor: text.optional().describe('Who acted, as in the entries, or the e-mail address of an administrator.'),
  ip: text.optional().describe(sentenceOf(ip)),
  requestId: text.optional().describe(sentenceOf(requestId)),
  signIn: text.optional().describe('The keyed digest of a sign-in, as in the log: every entry of that sign-in.'),
  since: isoInstant.optional().describe('Only entries from this instant on: ISO 8601, or epoch seconds.'),
  until: isoInstant.optional().describe('Only entries before this instant: ISO 8601, or epoch seconds.'),
})
const seq = z.int().describe('The number of the entry in the chain, from 1, without gaps.')
const hash = z.string().describe('SHA-256 of the hash before and this entry, in base64url.')
const entry = z
  .object({
    seq,
    at: z.iso.datetime().describe('When it happened: ISO 8601 in milliseconds.'),
    type: z.enum(types).describe('The event; docs/audit-events.md explains each.'),
    outcome: z.enum(['done', 'refused']).describe('Whether it was done, or refused.'),
    actor: z.string().optional().describe('Who acted, where it was not the customer.'),
    customerId: customerId.optional(),
    clientId: clientId.optional(),
    grantId: grantId.optional(),
    ip: ip.optional(),
    requestId: requestId.optional(),
    signIn: z.string().optional().describe('The keyed digest of the sign-in that the request was a part of.'),
    reason: z.string().optional().describe('Why or how, and what was changed; see the event.'),
    hash,
  })
  .meta({ id: 'AuditEntry' })
const listedEntry = entry
  .extend({ actorName: z.string().optional().describe('The e-mail address of the administrator who acted.') })
  .meta({ id: 'ListedAuditEntry' })
/** A link that was kept elsewhere: an entry of an export, of the stream or of the webhook, or the head of some day. */
const link = z.object({ seq, hash })
const witness = z
  .strictObject({
    seq: z.coerce.number().int().positive().optional().describe('The number of an entry that was kept elsewhere.'),
    hash: z.string().length(43).optional().describe('The hash of that entry.'),
  })
  .refine(({ seq, hash }) => (seq === undefined) === (hash === undefined), 'give both seq and hash, or neither')
const trailProblem = z.object({
  seq: z
    .int()
    .optional()
    .describe('The number of the entry where the chain breaks; absent where entries at an end of it are gone.'),
  upTo: z.int().optional().describe('The last of several in a row.'),
  problem: z
    .enum(['changed', 'missing', 'inserted', 'cut off', 'beginning removed', 'rewritten', 'witness too old'])
    .describe('What is wrong there.'),
})
const verdict = z.object({
  entries: z.int().describe('Entries that are whole from the beginning to the first problem.'),
  head: link.describe('The last entry that is whole.'),
  problem: trailProblem.optional().describe('The first of `problems`.'),
  problems: z.array(trailProblem).optional().describe('At most 1000; absent when the trail is whole.'),
  moreProblems: z.int().optional().describe('Problems beyond those in `problems`.'),
})

export type AuditRouteDeps = {
  readonly auditTrail: AuditTrail
  readonly findCustomer: FindCustomer
  readonly administrators: Pick<AdministratorDirectory, 'findById' | 'findByLogin'>
}

/** As actors are named in the trail. */
const ADMINISTRATOR = 'administrator:'

/** The audit trail: pages of it newest first, all of it, and whether its chain is whole. */
export function auditRoutes({ auditTrail, findCustomer, administrators }: AuditRouteDeps): Route[] {
  async function actorOf(named: string): Promise<string> {
    if (!named.includes('@')) return named
    const found = await administrators.findByLogin(named)
    if (found) return `${ADMINISTRATOR}${found.person.id}`
    throw new Problem(404, 'unknown-administrator', `There is no administrator "${named}".`)
  }

  async function withNames(entries: readonly AuditEntry[]) {
    const actors = [...new Set(entries.map(({ actor }) => actor).filter((actor) => actor !== undefined))]
    const named = await Promise.all(
      actors
        .filter((actor) => actor.startsWith(ADMINISTRATOR))
        .map(async (actor) => [actor, await administrators.findById(actor.slice(ADMINISTRATOR.length))] as const),
    )
    const names = new Map(named.map(([actor, administrator]) => [actor, administrator?.email]))
    return entries.map((each) => {
      const actorName = names.get(each.actor ?? '')
      return { ...each, ...(actorName !== undefined && { actorName }) }
    })
  }

  return [
    route({
      method: 'GET',
      path: '/v1/audit',
      summary: 'Audit entries, newest first',
      permission: 'audit:read',
      query,
      result: pageOf(listedEntry),
      refusals: [404],
      async handle({ query: { type, limit, cursor, customer, actor, ...filter } }) {
        await auditTrail.flush()
        const before = numberOfCursor(cursor)
        const entries = await auditTrail.find({
          ...filter,
          ...(customer && { customerId: await customerIdOf(findCustomer, customer) }),
          ...(actor && { actor: await actorOf(actor) }),
          limit: limit + 1,
          ...(type && { types: [type].flat() }),
          ...(before !== undefined && { before }),
        })
        return toPage(
          await withNames(entries),
          limit,
          ({ seq }) => String(seq),
          (each) => each,
        )
      },
    }),
    route({
      method: 'GET',
      path: '/v1/audit/counts',
      summary: 'Count entries by type since an instant',
      permission: 'audit:read',
      query: z.strictObject({
        since: isoInstant.describe('The beginning of what is counted: ISO 8601, or epoch seconds.'),
      }),
      result: z.object({
        counts: z.partialRecord(z.enum(types), z.int()).describe('How often each event happened; absent is never.'),
      }),
      async handle({ query: { since } }) {
        await auditTrail.flush()
        return { counts: await auditTrail.count(since) }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/audit/verify',
      summary: 'Check the hash chain for changed or removed entries, and whether it contains this link',
      permission: 'audit:read',
      query: witness,
      result: verdict,
      async handle({ query: { seq, hash } }) {
        await auditTrail.flush()
        return auditTrail.verify(seq === undefined || hash === undefined ? undefined : { seq, hash })
      },
    }),
    route({
      method: 'GET',
      path: '/v1/audit/head',
      summary: 'The end of the chain; keep it elsewhere to verify the chain later',
      permission: 'audit:read',
      result: link,
      async handle() {
        await auditTrail.flush()
        return auditTrail.head()
      },
    }),
    route({
      method: 'GET',
      path: '/v1/audit/export',
      summary: 'Every entry, oldest first',
      permission: 'audit:export',
      result: entry,
      audit: 'audit.exported',
      async *lines() {
        await auditTrail.flush()
        yield* auditTrail.exportAll()
      },
    }),
  ]
}
