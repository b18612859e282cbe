import { z } from 'zod'
import type { Changed } from '../../database/revision.ts'
import { type IssuerKeys, KeysUnavailable } from '../../issuers/issuer-keys.ts'
import {
  storedTrustedIssuer,
  type TrustedIssuer,
  trustedIssuer,
  trustedIssuerSettings,
} from '../../issuers/issuer-schema.ts'
import type { IssuerRegistry, TakenIssuer } from '../../issuers/registry.ts'
import { changedMeanwhile, Problem } from '../problem.ts'
import { noteChange } from './note-change.ts'
import { type Route, route } from './route.ts'
import { pageOf, pageQuery } from './shapes.ts'

export type IssuerRouteDeps = {
  readonly registry: IssuerRegistry
  readonly keys: Pick<IssuerKeys, 'look'>
  /** This server's own issuer, which is never trusted by itself. */
  readonly ownIssuer: string
}

const MEMBERS = 'Its members, as docs/issuers.md explains them.'

const params = z.object({ id: z.string().describe('The id of the trusted issuer.') })

const shown = z.object({ issuer: storedTrustedIssuer.describe(MEMBERS) }).meta({ id: 'ShownTrustedIssuer' })

const checked = z
  .object({
    isUsable: z.boolean().describe('Whether keys of the issuer can be had now.'),
    keys: z.int().optional().describe('How many keys it publishes that a signature can be checked with.'),
    problem: z.string().optional().describe('Why there are none.'),
  })
  .meta({ id: 'CheckedTrustedIssuer' })

/** Others whose assertions about people are taken for tokens. */
export function issuerRoutes({ registry, keys, ownIssuer }: IssuerRouteDeps): Route[] {
  const act = { permission: 'issuers:write', audit: 'issuer.changed' } as const
  const show = (issuer: TrustedIssuer) => ({ issuer })
  const revised = ({ issuer }: { readonly issuer: object }) => issuer

  function refuseOwn({ issuer }: TrustedIssuer): void {
    if (issuer === ownIssuer)
      throw new Problem(400, 'own-issuer', 'This server does not trust itself: its own tokens are exchanged instead.')
  }

  return [
    route({
      method: 'GET',
      path: '/v1/issuers',
      summary: 'Trusted issuers, by id',
      permission: 'issuers:read',
      query: pageQuery,
      result: pageOf(shown),
      async handle({ query }) {
        const { items, ...rest } = await registry.list(query)
        return { items: items.map(show), ...rest }
      },
    }),
    route({
      ...act,
      method: 'POST',
      path: '/v1/issuers',
      summary: 'Add a trusted issuer',
      body: z.object({ issuer: trustedIssuer.describe(MEMBERS) }).meta({ id: 'NewTrustedIssuer' }),
      result: shown,
      status: 201,
      revision: 'shown',
      revised,
      refusals: [409],
      async handle({ body, note }) {
        note({ after: body.issuer })
        const next = given(body.issuer)
        refuseOwn(next)
        const made = await registry.create(next)
        if (made.outcome !== 'created') throw taken(made, next)
        return show(made.now)
      },
    }),
    route({
      method: 'GET',
      path: '/v1/issuers/{id}',
      summary: 'One trusted issuer',
      permission: 'issuers:read',
      params,
      result: shown,
      revision: 'shown',
      revised,
      refusals: [404],
      handle: async ({ params: { id } }) => show(known(await registry.get(id), id)),
    }),
    route({
      method: 'GET',
      path: '/v1/issuers/{id}/check',
      summary: 'Whether the keys of a trusted issuer can be had now',
      permission: 'issuers:read',
      params,
      result: checked,
      refusals: [404],
      async handle({ params: { id } }) {
        const record = known(await registry.get(id), id)
        try {
          return { isUsable: true, keys: await keys.look(record) }
        } catch (error) {
          if (!(error instanceof KeysUnavailable)) throw error
          return { isUsable: false, problem: error.message }
        }
      },
    }),
    route({
      ...act,
      method: 'PUT',
      path: '/v1/issuers/{id}',
      summary: 'Replace the members of a trusted issuer',
      params,
      body: z.object({ issuer: trustedIssuerSettings.describe(MEMBERS) }).meta({ id: 'ChangedTrustedIssuer' }),
      result: shown,
      revision: 'expected',
      revised,
      refusals: [404, 409],
      async handle({ params: { id }, body, seen, note }) {
        const { id: sent = id, ...settings } = body.issuer
        if (sent !== id) throw otherId(sent)
        const next = given({ id, ...settings })
        refuseOwn(next)
        const outcome = await registry.replace(id, seen, next)
        if (isTaken(outcome)) throw taken(outcome, next)
        noteChange(note, outcome)
        return show(changed(outcome, id))
      },
    }),
    route({
      ...act,
      method: 'DELETE',
      path: '/v1/issuers/{id}',
      summary: 'Remove a trusted issuer; its assertions are refused from now on',
      params,
      result: shown,
      status: 204,
      revision: 'expected',
      refusals: [404],
      async handle({ params: { id }, seen }) {
        const outcome = await registry.replace(id, seen, undefined)
        if (isTaken(outcome)) throw new Error('nothing is stored where something is removed')
        return show(changed(outcome, id))
      },
    }),
  ]
}

/** Without the members that were left out, so that it reads back as it was written. */
function given(body: z.output<typeof trustedIssuer>): TrustedIssuer {
  return JSON.parse(JSON.stringify(body)) as TrustedIssuer // members that are undefined are gone from the copy
}

function isTaken(outcome: Changed<TrustedIssuer> | TakenIssuer): outcome is TakenIssuer {
  return outcome.outcome === 'id-taken' || outcome.outcome === 'issuer-taken'
}

function taken({ outcome }: TakenIssuer, { id, issuer }: TrustedIssuer): Problem {
  if (outcome === 'id-taken') return new Problem(409, 'issuer-exists', `A trusted issuer "${id}" already exists.`)
  return new Problem(409, 'issuer-listed', `Another record is of "${issuer}": change that one.`)
}

function otherId(sent: string): Problem {
  const detail = `The body is of "${sent}", another issuer. The id cannot change: add a new one.`
  return new Problem(400, 'other-issuer', detail)
}

function changed(outcome: Changed<TrustedIssuer>, id: string): TrustedIssuer {
  if (outcome.outcome === 'changed-meanwhile') throw changedMeanwhile()
  return known(outcome.outcome === 'changed' ? outcome.now : undefined, id)
}

function known(found: TrustedIssuer | undefined, id: string): TrustedIssuer {
  if (found) return found
  throw new Problem(404, 'unknown-issuer', `There is no trusted issuer "${id}".`)
}
