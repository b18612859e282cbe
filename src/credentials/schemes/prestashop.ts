import { hash } from 'node:crypto'
import { fastScheme, type PasswordScheme } from './scheme.ts'

/**
 * PrestaShop before 1.7: md5 of the shop's secret (`_COOKIE_KEY_`) and the password. The secret is `cookieKey`, or
 * the `salt` of the row where several shops were merged.
 */
export function prestashopMd5(cookieKey: string | undefined): PasswordScheme {
  const scheme = fastScheme('prestashop-md5', 'an md5 of 32 hexadecimal digits', {
    split: ({ hash: stored, salt }) =>
      /^[0-9a-fA-F]{32}$/.test(stored) ? { digest: stored.toLowerCase(), rest: salt ?? '' } : undefined,
    digest: async (form, rest) => hash('md5', (rest || (cookieKey ?? '')) + form),
  })
  return {
    ...scheme,
    problem(stored) {
      if (!stored.salt && !cookieKey) {
        return 'a prestashop-md5 hash needs the shop secret: set PRESTASHOP_COOKIE_KEY to the _COOKIE_KEY_ of the shop'
      }
      return scheme.problem(stored)
    },
  }
}
