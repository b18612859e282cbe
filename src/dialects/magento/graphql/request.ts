import { objectOf, parseJson } from '../../json-body.ts'

/** A GraphQL request as clients send it over HTTP. */
export type GraphqlRequest = {
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
  readonly operationName?: string
}

/** The request in a JSON body, or in the query of a GET; undefined when it is neither. */
export function readGraphqlRequest(body: string, parameters?: URLSearchParams): GraphqlRequest | undefined {
  if (!parameters) return fromObject(parseJson(body))
  const variables = parameters.get('variables')
  return fromObject({
    query: parameters.get('query'),
    variables: variables === null ? null : parseJson(variables),
    operationName: parameters.get('operationName'),
  })
}

function fromObject(value: unknown): GraphqlRequest | undefined {
  const { query, variables = null, operationName = null } = objectOf(value) ?? {}
  if (typeof query !== 'string') return undefined
  const given = variables === null ? {} : objectOf(variables)
  if (!given) return undefined
  if (operationName !== null && typeof operationName !== 'string') return undefined
  return { query, variables: given, ...(operationName && { operationName }) }
}
