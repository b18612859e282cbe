import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestServer, type TestServer } from '../support/server.ts'

type Json = { readonly [member: string]: unknown }

let server: TestServer
let document: Json
beforeAll(async () => {
  server = await startTestServer()
  document = (await (await fetch(`${server.adminUrl}/v1/openapi.json`)).json()) as Json
})
afterAll(() => server?.stop())

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null

/** Everything in the document that is no plain value, with the way that leads there. */
function* below(value: unknown, path: string): Generator<[path: string, value: Json]> {
  if (!isObject(value)) return
  yield [path, value]
  for (const [name, inner] of Object.entries(value)) yield* below(inner, `${path}/${name}`)
}

/** Fields of schemas (an object that is called "properties" is none), parameters and headers. */
function* fieldsOf(path: string, { properties, type, parameters, headers }: Json): Generator<[string, unknown]> {
  if (isObject(properties) && type === 'object')
    for (const [name, field] of Object.entries(properties)) yield [`${path}.${name}`, field]
  if (Array.isArray(parameters))
    for (const parameter of parameters as Json[]) yield [`${path} ${parameter.name}`, parameter]
  if (isObject(headers)) for (const [name, header] of Object.entries(headers)) yield [`${path} ${name}`, header]
}

/** Its own sentence, or that of the schema it refers to. */
function sentenceOf(field: unknown): unknown {
  if (!isObject(field)) return undefined
  if (field.description !== undefined || typeof field.$ref !== 'string') return field.description
  const names = field.$ref.slice('#/'.length).split('/')
  return sentenceOf(names.reduce<unknown>((at, name) => (isObject(at) ? at[name] : undefined), document))
}

test('every field of every request and answer has a sentence, and so has every parameter and header', () => {
  const fields = [...below(document, '#')].flatMap(([path, value]) => [...fieldsOf(path, value)])
  expect(fields.length).toBeGreaterThan(500)
  const missing = fields.filter(([, field]) => !/^["`A-Z].*\.$/s.test(String(sentenceOf(field) ?? '')))
  expect(missing.map(([path, field]) => `${path}: ${sentenceOf(field)}`)).toEqual([])
})
