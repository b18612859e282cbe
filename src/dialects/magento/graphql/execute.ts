import { type DocumentNode, execute, GraphQLError, parse, specifiedRules, validate } from 'graphql'
import type { Outage } from '../../outage.ts'
import { documentExcess, textExcess } from './limits.ts'
import { outageExtensions } from './reply.ts'
import type { GraphqlRequest } from './request.ts'
import { schema } from './schema.ts'
import { inShopWords } from './shop-words.ts'

/** How fields of the schema are answered; a refusal is thrown as `refusal(…)`. The schema has checked what they are given. */
export type Resolvers = Readonly<Record<string, (given: never) => unknown>>

export type Category = 'graphql-input' | 'graphql-authentication' | 'graphql-authorization'

export type GraphqlAnswer = {
  readonly status: 200 | 400 | 401 | 403 | 429 | 500 | 503
  readonly body: string
  readonly retryAfterSeconds?: number
}

/** An error as the shop gives it: its category is what clients look at. */
export function refusal(message: string, category: Category): GraphQLError {
  return new GraphQLError(message, { extensions: { category } })
}

/** No refusal: we failed (500), or cannot answer right now (503). */
export function outage(message: string, cause: Outage): GraphQLError {
  return new GraphQLError(message, { extensions: outageExtensions(cause) })
}

/** Too much was asked for from one place. */
export function tooMany(message: string, retryAfterSeconds?: number): GraphQLError {
  return new GraphQLError(message, { extensions: { category: 'too-many-requests', retryAfterSeconds } })
}

/**
 * Runs a request. The status follows the category of the first error; `isAlwaysOk` answers 200 to what is refused, as
 * older shops do. What resolvers throw that is no GraphQL error is thrown on: its message is not for clients.
 */
export async function executeGraphql(
  request: GraphqlRequest | undefined,
  resolvers: Resolvers,
  { isAlwaysOk, isReadOnly = false }: { isAlwaysOk: boolean; isReadOnly?: boolean },
): Promise<GraphqlAnswer> {
  const document = read(request?.query)
  if (document instanceof GraphQLError) return answer(isAlwaysOk ? 200 : 400, { errors: [document] })
  const errors = check(document, isReadOnly)
  if (errors.length > 0) return answer(200, { errors })
  const result = await execute({
    schema,
    document,
    rootValue: resolvers,
    variableValues: request?.variables,
    operationName: request?.operationName,
  })
  const { errors: problems, data } = result
  const broken = problems?.find(({ originalError }) => originalError && !(originalError instanceof GraphQLError))
  if (broken) throw broken.originalError
  const status = statusOf(problems)
  const retryAfterSeconds = problems?.find(({ extensions }) => extensions.retryAfterSeconds)?.extensions
    .retryAfterSeconds
  return {
    ...answer(isAlwaysOk && status < 500 ? 200 : status, {
      ...(problems && { errors: problems }),
      ...(data !== undefined && { data }),
    }),
    ...(typeof retryAfterSeconds === 'number' && { retryAfterSeconds }),
  }
}

function read(query: string | undefined): DocumentNode | GraphQLError {
  if (!query?.trim()) return new GraphQLError('Syntax Error: Unexpected <EOF>')
  const excess = textExcess(query)
  if (excess) return excess
  try {
    return parse(query)
  } catch (error) {
    if (error instanceof GraphQLError) return error
    throw error
  }
}

/** What bounds the document comes first: the rules of the specification compare everything with everything. */
function check(document: DocumentNode, isReadOnly: boolean): readonly GraphQLError[] {
  const excess = documentExcess(document)
  if (excess) return [excess]
  const isMutation = document.definitions.some(
    (definition) => 'operation' in definition && definition.operation !== 'query',
  )
  if (isReadOnly && isMutation) return [new GraphQLError('Mutation requests allowed only for POST requests')]
  return validate(schema, document, specifiedRules)
}

function statusOf(problems: readonly GraphQLError[] = []): GraphqlAnswer['status'] {
  const categories = problems.map(({ extensions }) => extensions.category)
  if (categories.includes('unavailable')) return 503
  if (categories.includes('internal')) return 500
  if (categories.includes('too-many-requests')) return 429
  if (categories[0] === 'graphql-authentication') return 401
  return categories[0] === 'graphql-authorization' ? 403 : 200
}

function answer(
  status: GraphqlAnswer['status'],
  { errors, data }: { errors?: readonly GraphQLError[]; data?: unknown },
): GraphqlAnswer {
  const written = errors?.map(({ message, locations, path, extensions }) => ({
    message: inShopWords(message),
    ...(locations && { locations: locations.map(({ line, column }) => ({ line, column })) }),
    ...(path && { path }),
    extensions: { category: 'graphql', ...extensions },
  }))
  return { status, body: JSON.stringify({ ...(written && { errors: written }), ...(data !== undefined && { data }) }) }
}
