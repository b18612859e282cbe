import { cookieHome } from '../http/cookie-names.ts'
import { createFormTokens, type FormTokens } from '../http/form-tokens.ts'

/** Tokens that tell our own forms from foreign ones; a form is named by its interaction, or by its page. */
export type Csrf = FormTokens

/** Form tokens for pages at the issuer's address. */
export function createCsrf({
  keys,
  issuer,
}: {
  /** HMAC keys, newest first; all of them are accepted. */
  readonly keys: readonly [string, ...string[]]
  readonly issuer: string
}): Csrf {
  const { origin } = new URL(issuer)
  const { isSecure, path } = cookieHome(issuer)
  return createFormTokens({
    keys,
    cookie: { name: 'vestibule.form', sameSite: 'lax', path },
    isSecure: () => isSecure,
    isOurs: (_ctx, from) => from === origin,
  })
}
