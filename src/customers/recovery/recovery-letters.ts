import type { Customer } from '../customer.ts'

/** What a customer is written about. Each kind has its texts and may have a template of its own. */
export const LETTER_KINDS = [
  'recovery',
  'password-changed',
  'password-changed-only',
  'unblock',
  'confirmation',
  'account-exists',
  'email-change-asked',
  'email-changed',
  'support-access',
  'data-exported',
  'deletion-asked',
  'deletion-called-off',
  'deletion-done',
  'company-invitation',
  'company-left',
  'company-role-changed',
  'company-removed',
  'company-back',
  'sign-in-code',
  'second-factor-code',
  'second-factor-added',
  'second-factor-removed',
  'recovery-code-used',
  'recovery-codes-low',
  'passkey-added',
  'passkey-removed',
  'upstream-linked',
  'upstream-unlinked',
  'approval-asked',
  'app-linked',
  'app-widened',
  'app-withdrawn',
  'mandate-first-purchase',
  'mandate-budget',
  'mandate-withdrawn',
] as const
export type LetterKind = (typeof LETTER_KINDS)[number]

export type Letter = {
  readonly kind: LetterKind
  readonly to: string
  /** BCP 47 tags, best first: the customer's own language, then that of the page that asked. */
  readonly languages: readonly string[]
  readonly givenName?: string
  /** Where the button leads: a path below the issuer. */
  readonly path?: string
  /** A page of the shop for the button instead, with `{key}` where the token goes. */
  readonly shopPage?: string | undefined
  readonly token?: string
  /** How long that works. */
  readonly ttlSeconds?: number
  /** What else its texts name: a company, a provider, a code. */
  readonly values?: Readonly<Record<string, string>>
}

/** A letter with a link, in the customer's own language before those of the page that asked. */
export function linkLetter(
  { customer: { email, locale, givenName }, token }: { readonly customer: Customer; readonly token: string },
  letter: Pick<Letter, 'kind' | 'path' | 'shopPage' | 'ttlSeconds'> & { readonly asker: Asker },
): Letter {
  const { asker, ...rest } = letter
  return {
    ...rest,
    to: email,
    languages: languagesFor(locale, asker.languages),
    ...(givenName !== undefined && { givenName }),
    token,
  }
}

/** Writes and sends a letter later. Returns at once, so that the answer's time does not show whether one is sent. */
export type PostLetter = (write: () => Promise<Letter | undefined>) => void

/** Who asks for a letter: from where, and in which languages. */
export type Asker = {
  readonly ip: string
  readonly languages: readonly string[]
  /** What the browser is known by to the account; from a cookie that was signed here. */
  readonly deviceId?: string
}

/** A customer's stored locale (`de_DE`) before the languages of the page. */
export function languagesFor(locale: string | undefined, languages: readonly string[] = []): readonly string[] {
  return locale ? [locale.replaceAll('_', '-'), ...languages] : languages
}
