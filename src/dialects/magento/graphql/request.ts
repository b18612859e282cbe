/** A GraphQL request as clients send it over HTTP. */
export type GraphqlRequest = {
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
  readonly operationName?: string
}

/** The request in a JSON body, or in the query of a GET; undefined when it is neither. */
export function readGraphqlRequest(body: string, parameters?: URLSearchParams): GraphqlRequest | undefined {
  if (!parameters) return fromObject(parse(body))
  const variables = parameters.get('variables')
  return fromObject({
    query: parameters.get('query'),
    variables: variables === null ? null : parse(variables),
    operationName: parameters.get('operationName'),
  })
}

function fromObject(value: unknown): GraphqlRequest | undefined {
  if (!isObject(value)) return undefined
  const { query, variables = null, operationName = null } = value
  if (typeof query !== 'string') return undefined
  if (variables !== null && !isObject(variables)) return undefined
  if (operationName !== null && typeof operationName !== 'string') return undefined
  return { query, variables: variables ?? {}, ...(operationName && { operationName }) }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
