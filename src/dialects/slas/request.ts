import { type DialectAnswer, type DialectRequest, isAnswer } from '../dialect.ts'
import { objectOf, parseJson } from '../json-body.ts'
import { badClient, badRequest } from './answers.ts'
import type { Slas } from './settings.ts'

/** The parameters of a request. */
export type Fields = Readonly<Record<string, string>>

/** A client that says its id, or proves it with its secret. */
export type Client = { readonly client_id: string; readonly client_secret?: string }

const FORM = 'application/x-www-form-urlencoded'
/** Longer than any value of this API but a token's. */
const MAX_LENGTH = 4096
/** Below whatever prefix a proxy puts before it. */
const BASE = '{/*prefix}/shopper/auth/v1/organizations/:organizationId'

/** The path of an endpoint. */
export function at(endpoint: string): string {
  return `${BASE}/oauth2/${endpoint}`
}

/**
 * The parameters of a form, or of a query for `GET`. The organization must be ours, and every parameter must come once and be
 * of a sensible length; unknown ones are ignored.
 */
export function readFields(slas: Slas, request: DialectRequest): Fields | DialectAnswer {
  const { method, params, contentType, body, query } = request
  if (params.organizationId !== slas.organizationId) return badRequest('invalid organizationId')
  const isQuery = method === 'GET' || method === 'HEAD'
  if (!isQuery && contentType !== '' && contentType !== FORM) return badRequest(`The content type must be ${FORM}.`)
  return plain(isQuery ? query : new URLSearchParams(body))
}

/** Some endpoints have parameters in the query beside those of the form. */
export function plain(given: URLSearchParams): Fields | DialectAnswer {
  const names = [...given.keys()]
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) return badRequest('A parameter appears twice.')
  const values = [...given.values()]
  if (values.some((value) => value.length > MAX_LENGTH)) return badRequest('A parameter is too long.')
  if (values.some((value) => /[\0\ufffd]/.test(value))) return badRequest('A parameter is not valid text.')
  return Object.assign(Object.create(null) as object, Object.fromEntries(given)) as Fields // texts by name
}

/** An object of JSON, for the endpoints of passkeys. */
export function readJson(slas: Slas, { params, body }: DialectRequest): object | DialectAnswer {
  if (params.organizationId !== slas.organizationId) return badRequest('invalid organizationId')
  return objectOf(parseJson(body)) ?? badRequest('The body must be a JSON object.')
}

/** The refusal of a request that lacks a parameter or names a site that is not served. */
export function lacks(slas: Slas, fields: Fields, ...names: readonly string[]): DialectAnswer | undefined {
  const missing = names.find((name) => !fields[name])
  if (missing !== undefined) return badRequest(`${missing} is required`)
  const { channel_id: channel } = fields
  if (channel && !slas.sites.includes(channel)) return badRequest('invalid channel_id')
  return undefined
}

/** Credentials of HTTP Basic, taken as they are; undefined when there are none. */
export function readBasic(header: unknown): { readonly name: string; readonly secret: string } | undefined {
  const [, encoded] = /^basic +([a-z\d+/=_-]+)$/i.exec(String(header ?? '')) ?? []
  if (encoded === undefined) return undefined
  const [name = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':')
  return name && rest.length > 0 ? { name, secret: rest.join(':') } : undefined
}

/** The client by its secret where it shows one, else by the `client_id` among the parameters. */
export function readClient({ headers }: DialectRequest, fields: Fields): Client | DialectAnswer {
  if (headers.authorization === undefined) {
    return fields.client_id ? { client_id: fields.client_id } : badRequest('client_id is required')
  }
  return clientOf(headers.authorization, fields)
}

/** The client that a header proves; a `client_id` beside it must be the same. */
export function clientOf(header: unknown, { client_id: named }: Fields): Required<Client> | DialectAnswer {
  const basic = readBasic(header)
  // A public client would be taken for proved by a secret that is none.
  if (!basic?.secret || (named && named !== basic.name)) return badClient()
  return { client_id: basic.name, client_secret: basic.secret }
}

/** The token of `Authorization: Bearer`. */
export function bearerOf({ headers }: DialectRequest): string | undefined {
  return /^bearer +(\S+)$/i.exec(String(headers.authorization ?? ''))?.[1]
}

/** Two readings in a row: the first that is an answer ends it. */
export function isRefused<T extends object>(read: T | DialectAnswer): read is DialectAnswer {
  return isAnswer(read as DialectAnswer) // whatever it is, only an answer has a status of a number
}
