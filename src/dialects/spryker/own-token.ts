import type { Caller } from '../../oauth/tokens/callers.ts'
import type { DialectAnswer, DialectRequest } from '../dialect.ts'
import type { DialectServices } from '../services.ts'
import { bearerOf, contradiction, findAgentBeside, findHolder, invalidToken, missingToken } from './headers.ts'

/** Who shows a token at a protected resource, with the shop's checks in their order. */
export async function findCallerAt(
  request: DialectRequest,
  services: DialectServices,
): Promise<{ readonly caller: Caller } | { readonly refused: DialectAnswer }> {
  const { headers, context } = request
  const bearer = bearerOf(headers.authorization)
  if (bearer === undefined) return { refused: missingToken(context) }
  const caller = await findHolder(bearer, services, context)
  if (!caller) return { refused: invalidToken(context) }
  const beside = await findAgentBeside(request, services)
  if (beside && 'refused' in beside) return beside
  const refused = contradiction(request)
  return refused ? { refused } : { caller }
}
