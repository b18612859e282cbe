import { z } from 'zod'
import type { Storage } from '../../storage/storage.ts'

/** What a request to a provider is for: a sign-in under way, or the account of a customer who is signed in. */
export type RequestPurpose =
  | { readonly of: 'interaction'; readonly uid: string }
  | { readonly of: 'account'; readonly customerId: string }

/** The answer of a provider as it came to the callback. */
export type ProviderAnswer = z.output<typeof storedAnswer>

export type KeptRequest = z.output<typeof storedRequest>

export type UpstreamRequests = ReturnType<typeof createUpstreamRequests>

const storedRequest = z.object({
  upstreamId: z.string(),
  state: z.string(),
  nonce: z.string(),
  codeVerifier: z.string(),
  redirectUri: z.string(),
  freshSince: z.number().optional(),
  purpose: z.discriminatedUnion('of', [
    z.object({ of: z.literal('interaction'), uid: z.string() }),
    z.object({ of: z.literal('account'), customerId: z.string() }),
  ]),
})
const storedAnswer = z.object({
  code: z.string().optional(),
  error: z.string().optional(),
  iss: z.string().optional(),
  /** Apple's own, unsigned. */
  user: z.string().optional(),
})

const REQUEST = 'UpstreamRequest'
const ANSWER = 'UpstreamAnswer'
/** A person looks for the password of another account meanwhile. */
const TTL_SECONDS = 900
const STATE = /^[\w-]{43}$/

/**
 * Requests to providers, found by their `state`. The answer can come from another site, without cookies: it is put beside its
 * request, and read where the browser that began can be told from others.
 */
export function createUpstreamRequests({
  storage,
}: {
  readonly storage: Pick<Storage, 'put' | 'putOnce' | 'get' | 'getMany' | 'consume'>
}) {
  async function find(state: string): Promise<KeptRequest | undefined> {
    if (!STATE.test(state)) return undefined
    const stored = await storage.get(REQUEST, state)
    return stored && stored.consumedAt === undefined ? storedRequest.safeParse(stored.artifact).data : undefined
  }

  return {
    keep: (request: KeptRequest): Promise<void> => storage.put(REQUEST, request.state, request, TTL_SECONDS),

    find,

    /** Puts the answer beside its request, once. Undefined where this provider was not asked, or has answered. */
    async answer(upstreamId: string, state: string, answer: ProviderAnswer): Promise<KeptRequest | undefined> {
      const request = await find(state)
      if (request?.upstreamId !== upstreamId) return undefined
      return (await storage.putOnce(ANSWER, state, answer, TTL_SECONDS)) ? request : undefined
    },

    /** The request and its answer, for exactly one caller. */
    async take(state: string): Promise<{ request: KeptRequest; answer: ProviderAnswer } | undefined> {
      const request = await find(state)
      const answer = request && storedAnswer.safeParse((await storage.get(ANSWER, state))?.artifact).data
      return request && answer && (await storage.consume(REQUEST, state)) ? { request, answer } : undefined
    },
  }
}
