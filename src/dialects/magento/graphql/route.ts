import type { AnswerContext, DialectAnswer, DialectRequest, DialectRoute } from '../../dialect.ts'
import type { Outage } from '../../outage.ts'
import type { DialectServices } from '../../services.ts'
import { outageMessage } from '../messages.ts'
import type { GraphqlEndpoint } from './answer.ts'
import { outageExtensions, reply } from './reply.ts'

const PATHS = ['/graphql', '/index.php/graphql']

/** Whether an answer goes to a GraphQL client. */
export function isGraphql({ path }: Pick<AnswerContext, 'path'>): boolean {
  return PATHS.includes(path)
}

/** What broke outside of a field: an answer without data. */
export function graphqlOutage(cause: Outage): DialectAnswer {
  const error = { message: outageMessage(cause), extensions: outageExtensions(cause) }
  return reply(cause.status, JSON.stringify({ errors: [error] }), cause.retryAfterSeconds)
}

/** The shop's GraphQL address; queries may come by GET too. */
export function graphqlRoutes(endpoint: GraphqlEndpoint): DialectRoute[] {
  const act = async (request: DialectRequest, services: DialectServices) => {
    // The package that reads GraphQL is large, and few shops use it: the first request loads it.
    const { answerGraphql } = await import('./answer.ts')
    return answerGraphql(request, services, endpoint)
  }
  return PATHS.flatMap((path): DialectRoute[] => [
    { method: 'POST', path, act },
    { method: 'GET', path, act },
    { method: 'ALL', path, act: () => reply(405, JSON.stringify({ errors: [{ message: 'Method not allowed.' }] })) },
  ])
}
