import type { Context } from 'koa'
import { maskedEmail, normalizeEmail, readableEmail } from '../../credentials/email.ts'
import type { Passkeys } from '../../credentials/passkeys/passkeys.ts'
import type { Interaction } from '../../oauth/browser/interactions.ts'
import type { LoginView } from '../views/sign-in.ts'
import { readNotice } from '../way-back.ts'
import type { RememberedAccount } from './remembered-account.ts'

/** What the login page offers besides signing in. */
export type LoginOffers = {
  readonly recovery?: boolean
  readonly registration?: boolean
  /** Whether the address is asked for on a page of its own, before the password. */
  readonly identifierFirst?: boolean
  /** Whether a code can be mailed in place of the password. */
  readonly code?: boolean
  /** Whether a company that is chosen can be made the default. */
  readonly rememberCompany?: boolean
  /** Providers to sign in at, as they are now. */
  readonly providers?: () => NonNullable<LoginView['providers']>
}

/** What a login page that is shown again repeats. */
export type LoginState = Pick<LoginView, 'login' | 'remember' | 'problem' | 'missing' | 'waitSeconds' | 'provider'> & {
  /** The id of a passkey that is not known here. */
  readonly unknownPasskey?: string
}

type Deps = {
  readonly offers: LoginOffers
  readonly passkeys: Pick<Passkeys, 'requestOptions' | 'relyingParty'> | undefined
  readonly pathOf: (interaction: Interaction) => string
  readonly shownLogin: ReturnType<typeof createShownLogin>
}

/** What the login page shows of an interaction, besides its frame and links. */
export function createLoginView({ offers, passkeys, pathOf, shownLogin }: Deps) {
  /** Of a remembered account only the password is asked for; with the address first, one that is known is not asked for again. */
  function stageOf(path: string, { login, isRemembered }: Pick<LoginView, 'login' | 'isRemembered'>) {
    if (isRemembered) return { stage: 'password', other: `${path}/another-account` } as const
    if (!offers.identifierFirst) return {}
    return login
      ? ({ stage: 'password', other: `${path}?page=login&as=another` } as const)
      : ({ stage: 'identifier' } as const)
  }

  return function loginView(ctx: Context, interaction: Interaction, { unknownPasskey, ...state }: LoginState) {
    const passkey = passkeys && {
      passkey: passkeys.requestOptions(interaction.uid),
      ...(unknownPasskey && { unknownPasskey: unknownSignal(passkeys.relyingParty.id, unknownPasskey) }),
    }
    const providers = offers.providers?.()
    const isAnother = ctx.query.as === 'another'
    const shown = isAnother ? { login: state.login } : shownLogin(ctx, state.login)
    return {
      ...passkey,
      ...(offers.code && { offersCode: true }),
      ...(providers && { providers }),
      ...stageOf(pathOf(interaction), shown),
      notice: readNotice(ctx),
      ...state,
      ...shown,
    }
  }
}

/** How the address on a page is shown: as people read it, and masked where the browser remembers it. */
export function createShownLogin(remembered?: Pick<RememberedAccount, 'emailIn'>) {
  return function shownLogin<Login extends string | undefined>(ctx: Context, login: Login) {
    const email = remembered?.emailIn(ctx)
    const isRemembered = email !== undefined && normalizeEmail(login ?? email) === normalizeEmail(email)
    if (isRemembered) return { login: maskedEmail(email) as Login, isRemembered } // a text is one of both
    return { login: (login === undefined ? undefined : readableEmail(login)) as Login } // the one stays, the other is a text
  }
}

/** Password managers then hide it (WebAuthn §5.1.10.2). */
function unknownSignal(rpId: string, credentialId: string) {
  return { signalUnknownCredential: { rpId, credentialId } }
}

/** Other pages of ours that the login page leads to. */
export function linksOf(
  { recovery, registration }: LoginOffers,
  address: (page: string) => string,
): Pick<LoginView, 'recovery' | 'registration' | 'offersMail'> {
  return {
    ...(recovery && { recovery: address('recovery'), offersMail: true }),
    ...(registration && { registration: address('registration') }),
  }
}
