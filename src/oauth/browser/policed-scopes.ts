import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider'
import { dropUnmetScopes } from '../requests/scope-policies.ts'
import { sessionStrength } from './step-up.ts'

/**
 * Stands between the sign-in and the consent and shows nothing: people are not asked to allow what their sign-in is not strong enough for. The
 * login prompt has asked for a stronger one where they have the means.
 */
export function policedScopes(): interactionPolicy.Prompt {
  return new interactionPolicy.Prompt(
    { name: 'policed_scopes', requestable: false },
    new interactionPolicy.Check('policed_scopes', 'the sign-in is too weak', 'login_required', async (ctx) => {
      await dropUnmetScopes(ctx, authenticationOfSession(ctx))
      return interactionPolicy.Check.NO_NEED_TO_PROMPT
    }),
  )
}

function authenticationOfSession({ oidc: { session } }: KoaContextWithOIDC) {
  const [acr, authTime] = [sessionStrength(session), session?.authTime()]
  return { ...(acr !== undefined && { acr }), ...(authTime !== undefined && { auth_time: authTime }) }
}
