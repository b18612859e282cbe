import { z } from 'zod'
import type { ClientRegistry } from '../../clients/registry.ts'
import type { SecretGeneration, SecretGenerations } from '../../database/secret-generations.ts'
import { LIFETIMES, refreshTokenTtlSeconds } from '../../oauth/tokens/lifetimes.ts'
import { Problem } from '../problem.ts'
import { type Route, route } from './route.ts'
import { epochSeconds, pageOf, whole } from './shapes.ts'

export type SecretRouteDeps = {
  readonly secrets: Readonly<Record<SecretKind, SecretGenerations>>
  readonly clients: Pick<ClientRegistry, 'all'>
  /** Whether the operator brings the cookie keys: then they are not ours to rotate. */
  readonly cookieKeysAreSet: boolean
}

/** What a secret protects: the cookies of browsers, or refresh tokens and device codes. */
export type SecretKind = 'cookies' | 'tokens'

/** A generation with the instant (epoch seconds) from which nothing that was made with it is valid. */
export type ListedSecret = SecretGeneration & { readonly kind: SecretKind; readonly neededUntil?: number }

const kinds = z
  .enum(['cookies', 'tokens'])
  .describe('What the secret protects: the cookies of browsers, or refresh tokens and device codes.')
const kind = z.string().describe('"cookies" or "tokens".')
const id = z.string().describe('The id of the generation.')
const secret = z
  .object({
    kind: kinds,
    id,
    state: z
      .enum(['waiting', 'used', 'kept'])
      .describe('"waiting" until every node accepts it, "used" for what is new, "kept" for what it made before.'),
    createdAt: epochSeconds('When it was made'),
    usedFrom: epochSeconds('When it is used from'),
    usedUntil: epochSeconds('When a newer one took its place').optional(),
    neededUntil: epochSeconds('When nothing that it made is valid any more').optional(),
  })
  .meta({ id: 'ServerSecret' })

/** The secrets that the server made for itself, by generation; their values are never shown. */
export function secretRoutes({ secrets, clients, cookieKeysAreSet }: SecretRouteDeps): Route[] {
  const offered = cookieKeysAreSet ? (['tokens'] as const) : kinds.options
  const list = async (kind: SecretKind) => listed(kind, await secrets[kind].list(), await lifetimeOf(kind, clients))

  function offeredKind(given: string): SecretKind {
    const { data: kind } = kinds.safeParse(given)
    if (!kind) throw new Problem(404, 'unknown-secret', 'The secrets that can be rotated are "cookies" and "tokens".')
    if (kind === 'tokens' || !cookieKeysAreSet) return kind
    const way = 'Add a key to COOKIE_KEYS and restart the nodes, as the runbook secrets-cookies says.'
    throw new Problem(409, 'refused', `COOKIE_KEYS is set, so the server does not rotate these keys. ${way}`)
  }

  return [
    route({
      method: 'GET',
      path: '/v1/secrets',
      summary: "The server's own secrets by generation, without their values",
      permission: 'secrets:read',
      result: pageOf(secret),
      handle: async () => whole((await Promise.all(offered.map(list))).flat()),
    }),
    route({
      method: 'POST',
      path: '/v1/secrets/{kind}/rotate',
      summary: 'Create a generation; it is used as soon as every node accepts it',
      permission: 'secrets:write',
      params: z.object({ kind }),
      result: secret,
      refusals: [404, 409],
      audit: 'secret.changed',
      async handle({ params }) {
        const kind = offeredKind(params.kind)
        return { kind, ...(await secrets[kind].rotate()) }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/secrets/{kind}/{id}/drop',
      summary: 'Delete an old generation; cookies and tokens made with it stop working',
      permission: 'secrets:write',
      params: z.object({ kind, id }),
      body: z.strictObject({
        force: z.boolean().default(false).describe('Does it although cookies or tokens made with it are still valid.'),
      }),
      result: z.object({ kind: kinds, id }),
      refusals: [404, 409],
      audit: 'secret.changed',
      async handle({ params, body: { force } }) {
        const kind = offeredKind(params.kind)
        const generation = (await list(kind)).find(({ id }) => id === params.id)
        const reason = whyNotDropped(generation, force, Date.now() / 1000)
        if (reason) throw new Problem(409, 'refused', reason)
        if (!(await secrets[kind].drop(params.id))) throw new Problem(409, 'refused', IN_USE)
        return { kind, id: params.id }
      },
    }),
  ]
}

const IN_USE = 'it is in use; rotate first, and wait until the new one is used'

function whyNotDropped(generation: ListedSecret | undefined, force: boolean, now: number): string | undefined {
  if (!generation) return 'there is no such generation; "vestibule secrets list" shows all generations'
  if (generation.state === 'used') return IN_USE
  if (force || generation.neededUntil === undefined || generation.neededUntil <= now) return undefined
  const until = new Date(generation.neededUntil * 1000).toISOString()
  return `cookies or tokens made with it may be valid until ${until}; wait, or use --force to end them now`
}

function listed(kind: SecretKind, all: readonly SecretGeneration[], lifetimeSeconds: number): ListedSecret[] {
  return all.map((generation) => ({
    kind,
    ...generation,
    ...(generation.usedUntil !== undefined && { neededUntil: generation.usedUntil + lifetimeSeconds }),
  }))
}

/** How long what was made just before may live: a browser's session, or the longest unused refresh token. */
async function lifetimeOf(kind: SecretKind, clients: Pick<ClientRegistry, 'all'>): Promise<number> {
  if (kind === 'cookies') return LIFETIMES.session
  const lifetimes = (await clients.all()).map(({ metadata }) => refreshTokenTtlSeconds(metadata, 0))
  return Math.max(LIFETIMES.refreshToken, ...lifetimes)
}
