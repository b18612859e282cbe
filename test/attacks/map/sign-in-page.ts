import type { Attack } from './attack.ts'

const OF = 'test/attacks/sign-in-page.test.ts › '

const FIRST = 'test/attacks/identifier-first.test.ts › '
const REMEMBERED = 'test/interaction/remembered-account.test.ts › '
const CODE = 'test/interaction/sign-in-code.test.ts › '

/** Attacks on the small conveniences of the sign-in page. */
export const attacks: readonly Attack[] = [
  {
    id: 'language-choice',
    kind: 'The choice of a language is used to lead to another site, or to plant a cookie.',
    reference: 'CWE-601, CWE-113',
    tests: [
      `${OF}of %j sets no cookie`,
      `${OF}by another site sets no cookie`,
      `${OF}leads to no other site by %j`,
      `${OF}in a form that is %s changes nothing`,
      `${OF}that a forged cookie makes as %j is ignored`,
    ],
  },
  {
    id: 'identifier-first',
    kind: 'The page that asks for the address alone is asked which addresses have an account.',
    reference: 'CWE-204',
    tests: [
      `${OF}leads to the same page whether there is such an account, it is locked, or is no address at all`,
      `${OF}that is %s gets a clear page and no password field`,
      `${OF}comes out encoded`,
    ],
  },
  {
    id: 'every-identifier-alike',
    kind: 'The sign-in page is asked which addresses have an account, a passkey, a lock or a provider of their own.',
    reference: 'CWE-204',
    tests: [
      `${FIRST}with %s, every address is answered alike: page, wrong password, lock and code`,
      `${FIRST}an address of a company, sent %s, leads to its provider whether there is an account`,
    ],
  },
  {
    id: 'remembered-account',
    kind: 'The cookie by which a browser remembers an account is stolen, forged or kept after the account moved on.',
    reference: 'CWE-565',
    tests: [
      `${REMEMBERED}proves nothing to who stole it, not even the address`,
      `${REMEMBERED}that is %s is ignored`,
      `${REMEMBERED}that was changed is ignored, and a form that counts on it asks again`,
      `${REMEMBERED}%s makes browsers forget the account`,
    ],
  },
  {
    id: 'mailed-sign-in-code',
    kind: 'A code by mail in place of the password is guessed, used twice, taken for two factors, or asked which accounts there are.',
    reference: 'CWE-204, CWE-307',
    tests: [
      `${CODE}a code by mail signs in, once, and the tokens say so`,
      `${CODE}an app is asked for all the same, and a second mail is no second factor`,
      `${CODE}where a mail could stand in for the second factor, a mailed code alone does not sign in`,
      `${CODE}asking and guessing show the same whether there is such an account`,
      `${CODE}guesses end after a few, also of the right code`,
      `${CODE}a form %s is answered with a page and signs nobody in`,
    ],
  },
]
