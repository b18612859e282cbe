import { z } from 'zod'
import { PERMISSIONS, type Permission } from '../administrators/role.ts'
import { type Route, route } from './routes/route.ts'

type Json = { [member: string]: unknown }

const problem = z
  .object({
    type: z.literal('about:blank').describe('Always this: `code` tells problems apart.'),
    title: z.string().describe('The name of the status.'),
    status: z.int().describe('The status of the answer.'),
    code: z.string().describe('A stable code, for programs.'),
    detail: z.string().describe('A sentence for people: what is wrong, and what to do.'),
  })
  .meta({ id: 'Problem' })

/** The document of the API (OpenAPI 3.1), made of what serves it. */
export function openApiRoute(others: readonly Route[]): Route {
  const own: Route = route({
    method: 'GET',
    path: '/v1/openapi.json',
    summary: 'This document',
    permission: 'public',
    result: z.looseObject({ openapi: z.string().describe('The version of OpenAPI.') }),
    handle: async () => document,
  })
  const document = openApiDocument([...others, own])
  return own
}

/** Describes routes; the schemas are the very ones that parse requests, and that handlers' types are made of. */
export function openApiDocument(routes: readonly Route[]) {
  const schemas: Json = {}
  const paths: Record<string, Json> = {}
  for (const each of routes) {
    paths[each.path] = { ...paths[each.path], [each.method.toLowerCase()]: operation(each, schemas) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Vestibule admin API', version: '1', description: 'On the admin listener, for operators.' },
    security: [{ bearer: [] }],
    paths,
    components: {
      schemas,
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: 'An admin token, or a session.' } },
    },
  }
}

function operation(each: Route, schemas: Json): Json {
  const { permission } = each
  const body = each.takesLines
    ? { 'application/x-ndjson': {} }
    : each.body && json(schemaOf(each.body, 'input', schemas))
  return {
    operationId: operationIdOf(each),
    summary: each.summary,
    tags: [each.path.split('/')[2]],
    ...(permission === 'public'
      ? { security: [] }
      : { description: [each.description, whoMay(permission)].filter(Boolean).join(' '), 'x-permission': permission }),
    parameters: [
      ...parametersOf('path', each.params, schemas),
      ...parametersOf('query', each.query, schemas),
      ...(each.revision === 'expected' ? [IF_MATCH] : []),
    ],
    ...(body && { requestBody: { required: true, content: body } }),
    responses: responsesOf(each, schemas),
  }
}

const IF_MATCH = {
  name: 'If-Match',
  in: 'header',
  required: true,
  description: 'The ETag that you read; "*" changes any version.',
  schema: { type: 'string' },
}

const ETag = { description: 'The revision, for If-Match.', schema: { type: 'string' } }

function responsesOf(each: Route, schemas: Json): Json {
  const success = each.status ?? 200
  const result = success === 204 ? undefined : schemaOf(each.result, 'output', schemas)
  const refusals = new Set<number>([
    ...(each.params || each.query || each.body || each.takesLines ? [400] : []),
    ...(each.permission === 'public' ? [] : [401, 403]),
    ...(each.path.endsWith('/sign-in') ? [401] : []),
    ...(each.revision === 'expected' ? [412, 428] : []),
    ...(each.refusals ?? []),
  ])
  const refusal = {
    description: 'Refused',
    content: { 'application/problem+json': { schema: schemaOf(problem, 'output', schemas) } },
  }
  return {
    [success]: {
      description: success === 201 ? 'Created' : 'Done',
      ...(each.revision && success !== 204 && { headers: { ETag } }),
      ...(result && { content: each.lines ? { 'application/x-ndjson': { schema: result } } : json(result) }),
    },
    ...Object.fromEntries([...refusals].map((status) => [status, refusal])),
  }
}

function json(schema: Json): Json {
  return { 'application/json': { schema } }
}

function parametersOf(where: 'path' | 'query', shape: z.ZodObject | undefined, schemas: Json): Json[] {
  if (!shape) return []
  // The JSON Schema of an object.
  const { properties = {}, required = [] } = schemaOf(shape, 'input', schemas) as {
    properties?: Record<string, Json>
    required?: string[]
  }
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: where,
    description,
    required: where === 'path' || required.includes(name),
    schema,
  }))
}

/** The JSON Schema (draft 2020-12) of a shape; named shapes go among `schemas` and are referred to. */
function schemaOf(shape: z.ZodType, io: 'input' | 'output', schemas: Json): Json {
  // Inside of an object a named shape is referred to; that object is then taken off again.
  const { $defs, properties } = JSON.parse(
    JSON.stringify(z.toJSONSchema(z.object({ it: shape }), { io, unrepresentable: 'any' })).replaceAll(
      '#/$defs/',
      '#/components/schemas/',
    ),
  ) as { $defs?: Json; properties: { it: Json } }
  for (const [id, definition] of Object.entries($defs ?? {})) {
    const { id: _id, ...schema } = definition as Json // a schema is JSON
    schemas[id] = schema
  }
  return properties.it
}

function operationIdOf({ method, path }: Route): string {
  const words = path.slice('/v1/'.length).split(/[/.-]/)
  return [method.toLowerCase(), ...words.map((word) => word.replace(/^\{(.*)\}$/, 'by-$1'))]
    .join('-')
    .replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}

function whoMay(permission: Permission): string {
  return `Needs the role "${PERMISSIONS[permission].from}" or a higher one (${permission}).`
}
