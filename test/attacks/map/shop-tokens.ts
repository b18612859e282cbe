import type { Attack } from './attack.ts'

/** Attacks on tokens that are good for all that a person may do in the shop. */
export const attacks: readonly Attack[] = [
  {
    id: 'tokens-of-the-shop',
    kind: 'An app that a person allowed little gets a token of the shop’s own API, where a token is the person: it erases the account, or orders.',
    tests: [
      'test/attacks/tokens-of-the-shop.test.ts › the lists name every resource server of a dialect',
      'test/attacks/tokens-of-the-shop.test.ts › gives software of others no token for a password, with or without scopes',
      'test/attacks/tokens-of-the-shop.test.ts › is nothing that a person can be asked to agree to',
      'test/attacks/tokens-of-the-shop.test.ts › the own software of the shop still has its tokens: %s',
    ],
  },
]
