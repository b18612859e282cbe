import type { AnswerContext, DialectAnswer } from '../dialect.ts'
import { describeOutage, type Outage, retryAfter } from '../outage.ts'

const CONTENT_TYPE = 'application/vnd.api+json'
const REALM = 'Bearer realm="Access to shop API"'

export type SprykerError = { readonly status: number; readonly code?: string; readonly detail: string }

/** A JSON:API document with one resource; its id is null, as the shop's clients expect of tokens. */
export function resource(type: string, attributes: Record<string, unknown>, context: AnswerContext): DialectAnswer {
  const data = { type, id: null, attributes, links: { self: `${context.baseUrl}/${type}${context.search}` } }
  return document(201, { data }, context)
}

/** The same for a resource that has an id. */
export function resourceOf(
  { type, id, attributes }: { readonly type: string; readonly id: string; readonly attributes: object },
  context: AnswerContext,
): DialectAnswer {
  const self = `${context.baseUrl}/${type}/${encodeURIComponent(id)}`
  return document(201, { data: { type, id, attributes, links: { self } } }, context)
}

/** A collection with one resource, which holds the list itself; `links` are those to its pages. */
export function listOf(
  { type, attributes, links }: { readonly type: string; readonly attributes: object; readonly links: object },
  context: AnswerContext,
): DialectAnswer {
  const self = `${context.baseUrl}/${type}${context.search}`
  return document(200, { data: [{ type, id: null, attributes, links: { self } }], links: { self, ...links } }, context)
}

/** A collection that is always empty: what `GET` on a token resource answers. */
export function emptyCollection(context: AnswerContext): DialectAnswer {
  return document(200, { data: [], links: { self: `${context.baseUrl}${context.path}${context.search}` } }, context)
}

/** One or more errors. `message` repeats `detail` for clients of the newer generation; members not given are absent. */
export function failures(errors: readonly [SprykerError, ...SprykerError[]], context: AnswerContext): DialectAnswer {
  const { status } = errors.at(-1) as SprykerError // there is one at least
  const body = errors.map(({ code, status: own, detail }) => ({
    ...(code && { code }),
    status: own,
    detail,
    message: detail,
  }))
  const answer = document(status, { errors: body }, context)
  return {
    ...answer,
    ...(status === 422 && { message: 'Unprocessable Content' }),
    headers: { ...answer.headers, ...(status === 401 && { 'WWW-Authenticate': REALM }) },
  }
}

export function failure(
  status: number,
  code: string | undefined,
  detail: string,
  context: AnswerContext,
): DialectAnswer {
  return failures([{ status, ...(code && { code }), detail }], context)
}

/**
 * The shop's answer to a blocked login, in its two languages. The text always names the whole configured block, as the
 * shop's does; what is left of it is in `Retry-After`, which is ours.
 */
export function lockedOut(
  { blockSeconds, leftSeconds }: { blockSeconds: number; leftSeconds: number },
  context: AnswerContext,
): DialectAnswer {
  const minutes = Math.ceil(blockSeconds / 60)
  const detail =
    localeOf(context.acceptLanguage) === 'de_DE'
      ? `Warten Sie bitte ${minutes} Minuten, bevor Sie es erneut versuchen.`
      : `Too many log in attempts from your address. Please wait ${minutes} minutes before trying again.`
  const answer = failure(429, '4401', detail, context)
  return { ...answer, headers: { ...answer.headers, 'Retry-After': String(Math.ceil(leftSeconds)) } }
}

/** Something broke, or there is too much to do right now. */
export function outage(cause: Outage, context: AnswerContext): DialectAnswer {
  const answer = failure(cause.status, undefined, describeOutage(cause) ?? 'Internal Server Error', context)
  return { ...answer, headers: { ...answer.headers, ...retryAfter(cause) } }
}

/** Done, and nothing to say about it. */
export const NO_CONTENT: DialectAnswer = { status: 204, headers: {}, body: '' }

function document(status: number, body: object, { acceptLanguage }: AnswerContext): DialectAnswer {
  return {
    status,
    headers: {
      'Content-Type': CONTENT_TYPE,
      'Content-Language': localeOf(acceptLanguage),
      'Cache-Control': 'no-store',
    },
    body: JSON.stringify(body),
  }
}

/** The shop's locale for the language that is wanted most. */
function localeOf(acceptLanguage: string): string {
  const wishes = acceptLanguage.split(',').map((wish) => {
    const [tag = '', ...parameters] = wish.trim().toLowerCase().split(';')
    const quality = parameters.find((parameter) => parameter.trim().startsWith('q='))
    return { language: tag.split('-')[0], quality: quality ? Number(quality.trim().slice(2)) : 1 }
  })
  const known = wishes.filter(({ language, quality }) => (language === 'de' || language === 'en') && quality > 0)
  const [best] = known.sort((one, other) => other.quality - one.quality)
  return best?.language === 'de' ? 'de_DE' : 'en_US'
}
