import { z } from 'zod'
import type { Changed } from '../../database/revision.ts'
import { messageOf } from '../../thrown.ts'
import { secretFault } from '../../upstreams/client-key.ts'
import { resolveUpstream } from '../../upstreams/kinds.ts'
import type { UpstreamProtocol } from '../../upstreams/protocol/provider.ts'
import { UpstreamError } from '../../upstreams/protocol/upstream-error.ts'
import type { StoredUpstream, UpstreamRegistry } from '../../upstreams/registry.ts'
import { storedUpstream, type Upstream, upstream, upstreamSettings } from '../../upstreams/upstream-schema.ts'
import { changedMeanwhile, Problem } from '../problem.ts'
import { noteChange } from './note-change.ts'
import { type Route, route } from './route.ts'
import { pageOf, pageQuery } from './shapes.ts'

export type UpstreamRouteDeps = {
  readonly registry: UpstreamRegistry
  readonly protocol: Pick<UpstreamProtocol, 'look'>
  readonly addressesOf: (id: string) => z.output<typeof addresses>
}

const MEMBERS = 'Its members, as docs/upstreams.md explains them.'

const params = z.object({ id: z.string().describe('The id of the upstream.') })

const secret = z
  .string()
  .min(1)
  .max(10_000)
  .optional()
  .describe('The client secret, or the private key in PEM (PKCS #8). It is stored sealed and never shown.')

const addresses = z
  .object({
    callback: z.string().describe('To be registered at the provider as the redirect URI.'),
    backchannelLogout: z.string().describe('To be registered there for back-channel logout, if it has that.'),
    signedOut: z.string().describe('To be registered there as the post logout redirect URI, with signs_out.'),
  })
  .describe('What the provider has to know of this server.')

const shown = z
  .object({
    upstream: storedUpstream.describe(MEMBERS),
    hasSecret: z.boolean().describe('Whether a secret is stored.'),
    addresses,
  })
  .meta({ id: 'ShownUpstream' })

const checked = z
  .object({
    isUsable: z.boolean().describe('Whether the metadata of the provider can be used.'),
    problem: z.string().optional().describe('Why it cannot.'),
    issuer: z.string().optional().describe('The issuer as the metadata has it.'),
    authorizationEndpoint: z.string().optional().describe('Where people are sent.'),
    tokenEndpoint: z.string().optional().describe('Where codes are redeemed.'),
    canSignOut: z.boolean().optional().describe('Whether people can be sent there to sign out.'),
  })
  .meta({ id: 'CheckedUpstream' })

/** Providers at which customers can sign in. */
export function upstreamRoutes({ registry, protocol, addressesOf }: UpstreamRouteDeps): Route[] {
  const show = (stored: StoredUpstream) => ({ ...stored, addresses: addressesOf(stored.upstream.id) })
  const act = { permission: 'upstreams:write', audit: 'upstream.changed' } as const
  const revised = ({ upstream }: { readonly upstream: object }) => upstream

  return [
    route({
      method: 'GET',
      path: '/v1/upstreams',
      summary: 'Sign-in providers, by id',
      permission: 'upstreams:read',
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
      path: '/v1/upstreams',
      summary: 'Add a sign-in provider',
      body: z.object({ upstream: upstream.describe(MEMBERS), secret }).meta({ id: 'NewUpstream' }),
      result: shown,
      status: 201,
      revision: 'shown',
      revised,
      refusals: [409],
      async handle({ body, note }) {
        note({ after: body.upstream })
        const next = given(body.upstream)
        refuseUnfit(next, body.secret)
        const created = await registry.create(next, body.secret)
        if (created) return show(created)
        throw new Problem(409, 'upstream-exists', `An upstream "${next.id}" already exists.`)
      },
    }),
    route({
      method: 'GET',
      path: '/v1/upstreams/{id}',
      summary: 'One sign-in provider',
      permission: 'upstreams:read',
      params,
      result: shown,
      revision: 'shown',
      revised,
      refusals: [404],
      handle: async ({ params: { id } }) => show(known(await registry.get(id), id)),
    }),
    route({
      method: 'GET',
      path: '/v1/upstreams/{id}/check',
      summary: 'Whether the metadata of a sign-in provider can be used now',
      permission: 'upstreams:read',
      params,
      result: checked,
      refusals: [404],
      async handle({ params: { id } }) {
        const { upstream } = known(await registry.get(id), id)
        try {
          const metadata = await protocol.look({ upstream, secret: () => undefined })
          return {
            isUsable: true,
            issuer: metadata.issuer,
            authorizationEndpoint: metadata.authorization_endpoint,
            tokenEndpoint: metadata.token_endpoint,
            canSignOut: metadata.end_session_endpoint !== undefined,
          }
        } catch (error) {
          if (!(error instanceof UpstreamError)) throw error
          const cause = error.cause === undefined ? '' : ` (${messageOf(error.cause)})`
          return { isUsable: false, problem: `${error.message}${cause}` }
        }
      },
    }),
    route({
      ...act,
      method: 'PUT',
      path: '/v1/upstreams/{id}',
      summary: 'Replace the settings of a sign-in provider, and its secret if one is given',
      params,
      body: z.object({ upstream: upstreamSettings.describe(MEMBERS), secret }).meta({ id: 'ChangedUpstream' }),
      result: shown,
      revision: 'expected',
      revised,
      refusals: [404],
      async handle({ params: { id }, body, seen, note }) {
        const { id: sent = id, ...settings } = body.upstream
        if (sent !== id) throw otherId(sent)
        const next = given({ id, ...settings })
        const isKept = body.secret === undefined && next.client_authentication !== 'none'
        refuseUnfit(next, isKept ? await registry.secretOf(id) : body.secret)
        const outcome = await registry.replace(id, seen, { upstream: next, secret: body.secret })
        noteChange(note, settingsOf(outcome))
        return show(changed(outcome, id))
      },
    }),
    route({
      ...act,
      method: 'DELETE',
      path: '/v1/upstreams/{id}',
      summary: 'Remove a sign-in provider; customers can no longer sign in with it',
      params,
      result: shown,
      status: 204,
      revision: 'expected',
      refusals: [404],
      handle: async ({ params: { id }, seen }) => show(changed(await registry.replace(id, seen, undefined), id)),
    }),
  ]
}

/** Without the members that were left out, so that it reads back as it was written. */
function given(body: z.output<typeof upstream>): Upstream {
  return JSON.parse(JSON.stringify(body)) as Upstream // members that are undefined are gone from the copy
}

function refuseUnfit(next: Upstream, secret: string | undefined): void {
  const fault = secretFault(resolveUpstream(next), secret)
  if (fault) throw new Problem(400, 'unfit-secret', `The secret does not fit client_authentication: ${fault}.`)
}

function settingsOf(outcome: Changed<StoredUpstream>): Changed<Upstream> {
  if (outcome.outcome !== 'changed') return outcome
  return { outcome: 'changed', now: outcome.now.upstream, before: outcome.before.upstream }
}

function otherId(sent: string): Problem {
  const detail = `The body is of "${sent}", another upstream. The id cannot change: create a new one.`
  return new Problem(400, 'other-upstream', detail)
}

function changed(outcome: Changed<StoredUpstream>, id: string): StoredUpstream {
  if (outcome.outcome === 'changed-meanwhile') throw changedMeanwhile()
  return known(outcome.outcome === 'changed' ? outcome.now : undefined, id)
}

function known(found: StoredUpstream | undefined, id: string): StoredUpstream {
  if (found) return found
  throw new Problem(404, 'unknown-upstream', `There is no upstream "${id}".`)
}
