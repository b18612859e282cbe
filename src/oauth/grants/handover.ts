import { errors } from 'oidc-provider'
import { deriveTokens } from './derive-tokens.ts'
import type { GrantType } from './grant-type.ts'
import { findSubject, type SubjectTokenDeps } from './subject-token.ts'

export const HANDOVER_GRANT = 'urn:vestibule:grant:handover'

/** A token older than this is not handed over: it is a step of signing in, and no way between services later on. */
const MAX_AGE_SECONDS = 60

/**
 * A person who has signed in a moment ago goes on with tokens for another resource server of the same client: how a
 * code from the sign-in page becomes the token of a shop system's API.
 */
export function handoverGrant(deps: SubjectTokenDeps): GrantType {
  return {
    name: HANDOVER_GRANT,
    parameters: ['subject_token', 'scope', 'resource'],
    async handle(ctx) {
      const subject = await findSubject(deps, ctx, { mayCross: true })
      if (Date.now() / 1000 - subject.token.iat > MAX_AGE_SECONDS)
        throw new errors.InvalidGrant('the subject token is not fresh')
      await deriveTokens(deps, ctx, { subject, account: subject.account, grantType: HANDOVER_GRANT })
    },
  }
}
