import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { isStorable } from '../../database/storable.ts'
import { DELIVERY_METHODS } from '../../shared-signals/event-types.ts'
import type { StreamWish } from '../../shared-signals/stream.ts'
import type { JsonObject } from '../json-body.ts'

/** A wish that was read, or why it cannot be. */
export type ReadWish = { readonly wish: StreamWish } | { readonly problem: string }

const text = (most: number) =>
  z.string().min(1).max(most).refine(isStorable, 'must not contain NUL or half of a surrogate pair')
const header = z
  .string()
  .max(4096)
  .regex(/^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/, 'must be the value of a header')

const delivery = z.looseObject({
  method: z.enum(Object.values(DELIVERY_METHODS)),
  endpoint_url: text(2000).nullish(),
  authorization_header: header.nullish(),
})

const members = {
  events_requested: z.array(text(500)).max(200).nullish(),
  delivery: delivery.nullish(),
  description: text(1000).nullish(),
}
const wishes = z.looseObject(members)

/** What the transmitter says of a stream: a receiver may send it back, and not change it (SSF 1.0 §8.1.1). */
const OURS = [
  'stream_id',
  'iss',
  'aud',
  'events_supported',
  'events_delivered',
  'min_verification_interval',
  'inactivity_timeout',
]

export type UrlProblem = (url: string) => Promise<string | undefined>

export type WishContext = {
  /** The stream as it is now and as its receiver sees it; undefined where it is to be made. */
  readonly current?: JsonObject | undefined
  /** What the current stream was asked to be; for a change that leaves members out. */
  readonly base?: StreamWish | undefined
  /** Why this server would not call an address. */
  readonly urlProblem: UrlProblem
}

/**
 * What a receiver asks a stream to be. With a `base`, members that are left out stay and those that are null go; without, they
 * are as if they were never said.
 */
export async function readWish(body: JsonObject, { current, base, urlProblem }: WishContext): Promise<ReadWish> {
  const parsed = wishes.safeParse(body)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return { problem: `${issue?.path.join('.') ?? 'the body'}: ${issue?.message ?? 'cannot be read'}` }
  }
  const foreign = current && OURS.find((name) => body[name] !== undefined && !isSame(name, body[name], current[name]))
  if (foreign) return { problem: `${foreign} is set by this server and cannot be changed` }
  const { events_requested: events, delivery: way, description } = parsed.data
  const kept = <Name extends keyof StreamWish>(name: Name) => base?.[name]
  const sent = {
    eventsRequested: events === undefined ? kept('eventsRequested') : (events ?? undefined),
    description: description === undefined ? kept('description') : (description ?? undefined),
  }
  const wayKept = way === undefined && base
  if (wayKept)
    return {
      wish: {
        ...sent,
        method: wayKept.method,
        endpointUrl: wayKept.endpointUrl,
        authorizationHeader: wayKept.authorizationHeader,
      },
    }
  if (!way || way.method === DELIVERY_METHODS.poll) {
    const ours = (current?.delivery as JsonObject | undefined)?.endpoint_url // as `stream-view.ts` writes it
    if (way?.endpoint_url != null && way.endpoint_url !== ours && base?.method !== 'push')
      return { problem: 'delivery.endpoint_url is set by this server for poll delivery' }
    return { wish: { ...sent, method: 'poll' } }
  }
  const url = way.endpoint_url
  if (url == null) return { problem: 'delivery.endpoint_url is needed for push delivery' }
  const problem = await urlProblem(url)
  if (problem) return { problem: `delivery.endpoint_url ${problem}` }
  const authorizationHeader = way.authorization_header ?? undefined
  return { wish: { ...sent, method: 'push', endpointUrl: url, authorizationHeader } }
}

/** `aud` may be a text or a list (RFC 7519 §4.1.3). */
function isSame(name: string, sent: unknown, ours: unknown): boolean {
  const given = name === 'aud' && Array.isArray(sent) && sent.length === 1 ? sent[0] : sent
  return isDeepStrictEqual(given, ours)
}
