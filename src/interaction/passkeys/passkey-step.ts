import type { Context } from 'koa'
import type { PasskeyAuthentication } from '../../customers/passkeys/passkey-sign-in.ts'
import type { Interactions } from '../../oauth/browser/interactions.ts'
import type { InteractionPages } from '../interaction-pages.ts'
import type { Step } from '../step.ts'

/** Checks what a passkey proved at `place`; `ctx` and the client are for the audit trail and known devices. */
export type SignInByPasskey = (
  place: string,
  json: string,
  ctx: Context,
  clientId: string,
) => Promise<PasskeyAuthentication>

type PasskeyStepDeps = {
  readonly signInByPasskey: SignInByPasskey
  readonly interactions: Pick<Interactions, 'finishLogin'>
  readonly show: Pick<InteractionPages, 'login'>
}

/** Ends the sign-in with a passkey, or shows the login page again: with one text, whatever was wrong. */
export function createPasskeyStep({ signInByPasskey, interactions, show }: PasskeyStepDeps): Step {
  return async function passkeySignIn(ctx, interaction, form) {
    const remember = form.remember === 'yes'
    const { uid, client } = interaction
    const authentication = await signInByPasskey(uid, form.credential ?? '', ctx, client.clientId)
    if (authentication.outcome === 'authenticated') {
      const { proof, amr } = authentication
      return interactions.finishLogin(ctx, { proof, amr, remember })
    }
    if (authentication.outcome === 'unconfirmed') {
      const login = authentication.customer.email
      return show.login(ctx, interaction, { login, remember, problem: 'unconfirmed' }, 422)
    }
    const { unknownId } = authentication
    show.login(ctx, interaction, { remember, problem: 'passkey', ...(unknownId && { unknownPasskey: unknownId }) }, 422)
  }
}
