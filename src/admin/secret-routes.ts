import { Router } from '@koa/router'
import { z } from 'zod'
import type { ClientRegistry } from '../clients/registry.ts'
import type { SecretGeneration, SecretGenerations } from '../database/secret-generations.ts'
import { LIFETIMES, refreshTokenTtlSeconds } from '../oauth/lifetimes.ts'
import { Problem } from './problem.ts'
import { readJson } from './read-json.ts'

export type SecretRouteDeps = {
  readonly secrets: Readonly<Record<SecretKind, SecretGenerations>>
  readonly clients: Pick<ClientRegistry, 'list'>
  /** Whether the operator brings the cookie keys: then they are not ours to rotate. */
  readonly cookieKeysAreSet: boolean
}

/** What a secret protects: the cookies of browsers, or refresh tokens and device codes. */
export type SecretKind = 'cookies' | 'tokens'

/** A generation with the moment (epoch seconds) from which nothing that was made with it is alive. */
export type ListedSecret = SecretGeneration & { readonly kind: SecretKind; readonly neededUntil?: number }

const kinds = z.enum(['cookies', 'tokens'])
const forced = z.strictObject({ force: z.boolean().default(false) })

/** The secrets that the server made for itself, by generation; their values are never shown. */
export function secretRoutes({ secrets, clients, cookieKeysAreSet }: SecretRouteDeps): Router {
  const router = new Router({ prefix: '/v1/secrets' })
  const offered = cookieKeysAreSet ? (['tokens'] as const) : kinds.options
  const list = async (kind: SecretKind) => listed(kind, await secrets[kind].list(), await lifetimeOf(kind, clients))

  function kindOf(params: Record<string, string | undefined>): SecretKind {
    const { data: kind } = kinds.safeParse(params.kind)
    if (!kind) throw new Problem(404, 'unknown-secret', 'The secrets that can be rotated are "cookies" and "tokens".')
    if (kind === 'tokens' || !cookieKeysAreSet) return kind
    const way = 'Add a key to COOKIE_KEYS and restart the nodes, as the runbook secrets-cookies says.'
    throw new Problem(409, 'refused', `COOKIE_KEYS is set, and its keys are not the server's to rotate. ${way}`)
  }

  router.get('/', async (ctx) => {
    ctx.body = { secrets: (await Promise.all(offered.map(list))).flat() }
  })
  router.post('/:kind/rotate', async (ctx) => {
    const kind = kindOf(ctx.params)
    const made = await secrets[kind].rotate()
    ctx.body = { kind, ...made }
  })
  router.post('/:kind/:id/drop', async (ctx) => {
    const [kind, { force }] = [kindOf(ctx.params), await readJson(ctx, forced)]
    const generation = (await list(kind)).find(({ id }) => id === ctx.params.id)
    const reason = whyNotDropped(generation, force, Date.now() / 1000)
    if (reason) throw new Problem(409, 'refused', reason)
    if (!(await secrets[kind].drop(ctx.params.id ?? ''))) throw new Problem(409, 'refused', IN_USE)
    ctx.body = { kind, id: ctx.params.id }
  })
  return router
}

const IN_USE = 'it is in use; rotate first, and wait until the new one is used'

function whyNotDropped(generation: ListedSecret | undefined, force: boolean, now: number): string | undefined {
  if (!generation) return 'there is no such generation; "vestibule secrets list" shows those there are'
  if (generation.state === 'used') return IN_USE
  if (force || generation.neededUntil === undefined || generation.neededUntil <= now) return undefined
  const until = new Date(generation.neededUntil * 1000).toISOString()
  return `what was made with it may be alive until ${until}; wait, or use --force to end it now`
}

function listed(kind: SecretKind, all: readonly SecretGeneration[], lifetimeSeconds: number): ListedSecret[] {
  return all.map((generation) => ({
    kind,
    ...generation,
    ...(generation.usedUntil !== undefined && { neededUntil: generation.usedUntil + lifetimeSeconds }),
  }))
}

/** How long what was made at the last moment may live: a browser's session, or the longest unused refresh token. */
async function lifetimeOf(kind: SecretKind, clients: Pick<ClientRegistry, 'list'>): Promise<number> {
  if (kind === 'cookies') return LIFETIMES.session
  const lifetimes = (await clients.list()).map(({ metadata }) => refreshTokenTtlSeconds(metadata, 0))
  return Math.max(LIFETIMES.refreshToken, ...lifetimes)
}
