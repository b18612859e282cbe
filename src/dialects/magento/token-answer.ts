import type { AnswerContext, DialectAnswer } from '../dialect.ts'
import { answer } from './answers.ts'
import type { GivenTokens } from './customer-sign-in.ts'

type Member = 'token' | 'expires_in' | 'refresh_token'

/**
 * A token as the shop gives it, a bare string; or, where the query asks for them as the web API's queries do (`?fields=token,
 * expires_in,refresh_token`), an object with these members.
 */
export function tokenAnswer(tokens: GivenTokens, context: AnswerContext): DialectAnswer {
  const asked = new URLSearchParams(context.search).get('fields')?.split(',') ?? []
  const members = Object.entries(membersOf(tokens)).filter(([name]) => asked.includes(name))
  return answer(200, members.length > 0 ? Object.fromEntries(members) : tokens.accessToken, context)
}

/** All of it: the answer to a refresh, without which the next one is not possible. */
export function allTokens(tokens: GivenTokens, context: AnswerContext): DialectAnswer {
  return answer(200, membersOf(tokens), context)
}

/** As GraphQL has them too. */
export function membersOf({ accessToken, expiresIn, refreshToken }: GivenTokens): Partial<Record<Member, unknown>> {
  return {
    token: accessToken,
    expires_in: expiresIn,
    ...(refreshToken !== undefined && { refresh_token: refreshToken }),
  }
}
