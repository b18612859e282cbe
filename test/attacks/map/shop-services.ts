import type { Attack } from './attack.ts'

const OF = 'test/attacks/shop-services.test.ts › '
const ELASTIC_PATH = 'test/dialects/elastic-path/customers.test.ts › '
const COMMERCETOOLS = 'test/dialects/commercetools/customers.test.ts › '

/** Attacks on what a shop's own services, and tokens that look like theirs, do to customers. */
export const attacks: readonly Attack[] = [
  {
    id: 'power-over-everybody',
    kind: 'A token that is not meant for it reads, changes or erases any customer.',
    tests: [
      `${OF}a service of one shop is none of the other: its token opens nothing there`,
      `${OF}a customer’s bearer in the place of a back-end’s, or beside it, is that customer and no more`,
      `${ELASTIC_PATH}%s is 403, whether or not there is one, and changes nothing`,
      `${COMMERCETOOLS}a customer, a visitor and a storefront are refused /customers/%s`,
      `${COMMERCETOOLS}no person gets the scope of a service, however they ask`,
      `${COMMERCETOOLS}a service gets the scope by asking for it, and others do not`,
    ],
  },
  {
    id: 'guessing-through-a-service',
    kind: 'A service of the shop passes on guesses, which the lockout of sign-ins does not see.',
    tests: [`${OF}through %s nobody guesses more often than at a sign-in`],
  },
  {
    id: 'keys-of-services',
    kind: 'A key that a service mails works for something else, for somebody else, or after what it was made for changed.',
    tests: [
      `${OF}for one purpose is none for the other, and is still good for its own`,
      `${OF}confirms no address that the customer got later, and sets no password of that account`,
      `${OF}confirms once, of many at once`,
      `${OF}is not made for a customer who is blocked`,
      `${COMMERCETOOLS}a token dies when the password is changed another way, and when a newer one is made`,
    ],
  },
  {
    id: 'stolen-token-takes-account',
    kind: 'A customer’s token that was stolen sets a password where the shop asks for no other proof.',
    tests: [
      `${ELASTIC_PATH}with an older token sets no password without the current one`,
      `${ELASTIC_PATH}with a fresh token sets the password, ends every token, and tells the owner`,
    ],
  },
  {
    id: 'registration-oracle',
    kind: 'A registration, or a check of a password, tells who has an account.',
    tests: [
      `${ELASTIC_PATH}with an address that has an account is answered the same, changes nothing, and its owner is told`,
      `${ELASTIC_PATH}have no account before the address is confirmed, whoever has the address`,
      `${COMMERCETOOLS}with an address that has an account is answered the same, changes nothing, and its owner is told`,
      `${COMMERCETOOLS}a wrong password, nobody, a blocked and an unconfirmed customer are one answer`,
    ],
  },
]
