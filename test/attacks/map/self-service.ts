import type { Attack } from './attack.ts'

const OF = 'test/attacks/self-service.test.ts › '

/** Attacks on the endpoints of shops by which customers set their passwords, and on tokens that sign in by a link. */
export const attacks: readonly Attack[] = [
  {
    id: 'password-change-guessing',
    kind: 'An endpoint that changes a password takes guesses which the sign-in would not.',
    tests: [
      `${OF}a stolen token guesses the password no more often than a sign-in does`,
      `${OF}guesses at the sign-in and at the change are counted together, also of many at once`,
      `${OF}a password that was refused by the policy is no way to learn whether the current one was right`,
    ],
  },
  {
    id: 'another-account-by-reference',
    kind: 'An account that a request names is changed by the token of another.',
    tests: [
      `${OF}the token of one customer changes nothing of another, whose password is known`,
      `${OF}a token that ended changes nothing`,
      'test/dialects/spryker/customers.test.ts › of another customer is refused, whether or not there is one, and changes nothing',
    ],
  },
  {
    id: 'reset-keys',
    kind: 'A key from a letter is used twice, at once, for another purpose, or after the password changed.',
    tests: [
      `${OF}of many who use one key at once, one sets the password, and nobody uses it again`,
      `${OF}the key of a confirmation sets no password`,
      'test/dialects/spryker/customers.test.ts › a key dies when the password is changed another way',
    ],
  },
  {
    id: 'forged-login-tokens',
    kind: 'A token that signs somebody in is forged, replayed, meant for something else, or older than a sign-out.',
    tests: [
      'test/dialects/spryker/login-by-token.test.ts › %s is refused, and the trail says why',
      'test/dialects/spryker/login-by-token.test.ts › works once, however many follow it at once',
      'test/dialects/spryker/login-by-token.test.ts › a token of the shop of before a sign-out everywhere is refused',
      'test/dialects/spryker/login-by-token.test.ts › is none without SPRYKER_LOGIN_KEYS',
    ],
  },
  {
    id: 'mass-mail-by-an-api',
    kind: 'An endpoint without a page mails more than the pages would.',
    tests: [
      `${OF}nobody is bombed with letters, from one place or from many, and the owner still gets one`,
      'test/customers/mailed-codes.test.ts › one place cannot have %s mailed without end, whomever to, and others still can',
      `${OF}one place cannot ask for letters without end, whomever they are for`,
    ],
  },
]
