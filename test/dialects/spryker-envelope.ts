import { expect } from 'vitest'
import { read } from '../endpoints/client.ts'

export type SprykerError = { readonly status: number; readonly detail: string; readonly code?: string }

type Sent = { readonly headers?: Record<string, string>; readonly method?: string }

/** Posts `body` to an endpoint of the shop's API: text as it is, anything else as JSON. */
export function send(url: string, body: unknown, { headers = {}, method = 'POST' }: Sent = {}) {
  const text = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
  return fetch(url, { method, body: text as string, headers: { 'content-type': 'application/json', ...headers } })
}

/** A request document of JSON:API. */
export function documentOf(type: string, attributes: Record<string, unknown>): object {
  return { data: { type, attributes } }
}

/** Holds an answer against the contract: status, reason phrase, exact content type, and the errors in order. */
export async function expectErrors(answer: Promise<Response>, errors: readonly SprykerError[]): Promise<void> {
  const response = await answer
  const { statusText } = response
  const { status, headers, body } = await read(response)
  const found = (body.errors as SprykerError[]).map(({ status: own, code, detail }) => ({
    status: own,
    ...(code !== undefined && { code }),
    detail,
  }))
  expect({ status, errors: found }).toEqual({ status: errors.at(-1)?.status, errors })
  expect(headers.get('content-type')).toBe('application/vnd.api+json')
  if (status === 422) expect(statusText).toBe('Unprocessable Content')
  expect(headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer realm="Access to shop API"' : null)
  for (const error of body.errors) {
    expect([error.message, Object.values(error).includes(null)]).toEqual([error.detail, false])
  }
}

/** What every endpoint answers to a body it cannot make sense of; `type` is the endpoint's own. */
export function malformedBodies(type: string): [string, unknown, SprykerError][] {
  const invalid = { status: 400, detail: 'Post data is invalid.' }
  const otherType = { status: 400, detail: 'Invalid type.' }
  const attributes = { username: 'a@b.de', password: 'x', refreshToken: 'x' }
  return [
    ['of another type', { data: { type: 'carts', attributes } }, otherType],
    ['of an empty type', { data: { type: '', attributes } }, otherType],
    ['of a type in capitals', { data: { type: type.toUpperCase(), attributes } }, otherType],
    ['of a type that is no text', { data: { type: 1, attributes } }, otherType],
    ['of a type that is an array', { data: { type: [type], attributes } }, otherType],
    ['of a type that is null', { data: { type: null, attributes } }, otherType],
    ['of another type and without attributes', { data: { type: 'carts' } }, otherType],
    ['without a type', { data: { attributes } }, invalid],
    ['without attributes', { data: { type } }, invalid],
    ['with attributes that are null', { data: { type, attributes: null } }, invalid],
    ['with attributes that are text', { data: { type, attributes: 'x' } }, invalid],
    ['with a list of attributes', { data: { type, attributes: ['x'] } }, invalid],
    ['that is empty', '', invalid],
    ['of blanks', '  \n', invalid],
    ['that is {}', {}, invalid],
    ['that is []', [], invalid],
    ['that is null', 'null', invalid],
    ['that is a number', '1', invalid],
    ['that is text', '"x"', invalid],
    ['that is broken JSON', '{"data":', invalid],
    ['that is no JSON', 'username=a&password=b', invalid],
    ['with a list as data', { data: [{ type, attributes }] }, invalid],
    ['with data that is null', { data: null }, invalid],
    ['with its data in the prototype', `{"__proto__":{"data":{"type":"${type}","attributes":{}}}}`, invalid],
    ['with its type in the prototype', `{"data":{"__proto__":{"type":"${type}"},"attributes":{}}}`, invalid],
    ['of deep JSON', `${'['.repeat(20_000)}${']'.repeat(20_000)}`, invalid],
    ['that is no UTF-8', new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]), invalid],
  ]
}
