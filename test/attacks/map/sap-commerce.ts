import type { Attack } from './attack.ts'

const OF = 'test/attacks/sap-commerce.test.ts › '
const CASES = 'test/dialects/sap-commerce/cases.test.ts › '

/** Attacks on the endpoints of SAP Commerce, where they differ from those of OAuth. */
export const attacks: readonly Attack[] = [
  {
    id: 'revoking-by-bearer',
    kind: 'An access token that is proof enough to revoke ends tokens of others, or tells whether there are any.',
    tests: [
      `${OF}ends no token of another customer, of an agent or of a client, and does not tell whether there is one`,
      `${OF}is no token that was made for another service, and no refresh token`,
      `${OF}without one, a client ends its own tokens alone, and only with its secret`,
    ],
  },
  {
    id: 'refreshed-twice',
    kind: 'A refresh token that was used, or stolen, is used once more.',
    tests: [
      `${OF}that is used again after its successor was ends the whole sign-in`,
      `${OF}of one client is of no use to another, and stays what it is`,
      `${CASES}case 10: twice at once has one winner, who goes on`,
    ],
  },
  {
    id: 'signed-by-another-service',
    kind: 'A signature by which another service vouches for a person is used twice, late, or for somebody else.',
    tests: [
      `${OF}works once, of many at once too, and at no other endpoint again`,
      `${OF}is refused when the signature is old, of the future, of another key, or of another person`,
    ],
  },
  {
    id: 'agents-by-scope',
    kind: 'A customer or a client gets the mark by which services know an agent, who may act for customers.',
    tests: [
      `${OF}is given to no customer and no client, at any endpoint`,
      `${OF}is not got with an agent’s password at an address of a customer, nor with a customer’s by a name`,
      `${CASES}case 24: of an employee brings a token with the mark of an agent, of a customer one without, whatever is asked for`,
    ],
  },
  {
    id: 'account-of-another-site',
    kind: 'The password of an account on one site opens the account of the same address on another.',
    tests: [`${CASES}case 15: of an isolated site signs in the account of that site, and of no other`],
  },
  {
    id: 'sent-on-elsewhere',
    kind: 'An address that sends people on to the sign-in sends them elsewhere, or for another service.',
    tests: [
      `${OF}a person is sent on to our own authorization endpoint alone, for this service alone, whatever the request says`,
    ],
  },
]
