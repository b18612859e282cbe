import { errors } from 'oidc-provider'

/** The error that tells a client whose person's password was right to ask for a code. */
export const SECOND_FACTOR_REQUIRED = 'second_factor_required'

const ON_OUR_PAGES = 'sign in at the authorization endpoint'

const DESCRIPTIONS = {
  code: 'one_time_password is required as well',
  mail: `a code by mail is required as well: ${ON_OUR_PAGES}`,
  'set-up': `a second factor has to be set up first: ${ON_OUR_PAGES}`,
  password: `a second factor is required, and this grant type takes none: ${ON_OUR_PAGES}, or use the password`,
} as const

/** What the first proof alone does not open, with what is missing. It is told only to those who had the first. */
export function secondFactorRequired(what: keyof typeof DESCRIPTIONS): Error {
  return new errors.CustomOIDCProviderError(SECOND_FACTOR_REQUIRED, DESCRIPTIONS[what])
}
