import type { DialectRequest, DialectRoute } from '../../dialect.ts'
import type { DialectServices } from '../../services.ts'
import type { GraphqlEndpoint } from './answer.ts'
import { reply } from './reply.ts'

/** The shop's GraphQL address; queries may come by GET too. */
export function graphqlRoutes(endpoint: GraphqlEndpoint): DialectRoute[] {
  const act = async (request: DialectRequest, services: DialectServices) => {
    // The package that reads GraphQL is large, and few shops use it: the first request loads it.
    const { answerGraphql } = await import('./answer.ts')
    return answerGraphql(request, services, endpoint)
  }
  return ['/graphql', '/index.php/graphql'].flatMap((path): DialectRoute[] => [
    { method: 'POST', path, act },
    { method: 'GET', path, act },
    { method: 'ALL', path, act: () => reply(405, JSON.stringify({ errors: [{ message: 'Method not allowed.' }] })) },
  ])
}
