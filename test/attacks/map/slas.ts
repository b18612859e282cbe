import type { Attack } from './attack.ts'

const OF = 'test/attacks/slas.test.ts › '
const FOR_OTHERS = 'test/dialects/slas/for-others.test.ts › '
const CODES = 'test/dialects/slas/codes.test.ts › '

/** Attacks on the endpoints of the SLAS dialect, which gives codes and sessions of its own. */
export const attacks: readonly Attack[] = [
  {
    id: 'slas-guessing',
    kind: 'An endpoint that gives codes for passwords takes guesses which the sign-in would not, or tells who is a customer.',
    tests: [
      `${OF}a login is locked out at /login as anywhere, and the answer does not say so`,
      `${OF}who is unknown, has a wrong password or is not confirmed is one answer`,
      `${OF}an agent’s password is no customer’s, nor the other way round`,
      `${CODES}case 14: the seventh code within ten minutes is 429, for a login that is nobody’s too`,
      `${CODES}answers alike for who is unknown`,
    ],
  },
  {
    id: 'slas-used-twice',
    kind: 'A code, a refresh token or a session token is used twice, also at once.',
    tests: [
      `${OF}a code that is sent many times at once gives tokens once at most, and none of them outlives the replay`,
      `${OF}a refresh token that is sent many times at once gives one answer, which goes on`,
      `${OF}an agent’s code acts once`,
      `${OF}an agent’s code is worth no more at the ordinary token endpoint: no refresh, and nobody to act for`,
      `${OF}a public client proves nothing by an empty secret at %s`,
      `${FOR_OTHERS}goes on with the customer whom the shop’s own server names, once`,
    ],
  },
  {
    id: 'slas-acting-for-others',
    kind: 'Who acts for a customer gets further than that customer, that time and that client.',
    tests: [
      `${OF}an agent’s code is no way to tokens of the agent’s own`,
      `${OF}what an agent acts by leads to no other customer, ends no session, and is dead once the agent is blocked`,
      `${OF}the agent’s page takes no form of another site, writes nothing of the request into the page, and is not framed`,
      `${OF}a public client is no trusted system, whatever it lists`,
      `${FOR_OTHERS}the code is for what the agent signed in for, once, and by the verifier`,
      `${FOR_OTHERS}case 15: needs its secret, the grant type and the scope by name`,
    ],
  },
  {
    id: 'slas-forged-sessions',
    kind: 'A session token of the storefront, or a text that a token is made of, is forged.',
    tests: [
      `${FOR_OTHERS}takes no session token with %s`,
      `${OF}the usid "%s" is not taken over`,
      `${OF}a visitor is never taken for a customer, nor a customer for a visitor`,
      `${OF}a token with the dialect’s issuer and another signature is nothing`,
      'test/dialects/slas/sign-in.test.ts › a usid of somebody who signed in is nobody else’s',
    ],
  },
  {
    id: 'slas-redirects-and-callbacks',
    kind: 'A code is sent to an address that nobody registered, or to another client.',
    tests: [
      `${OF}no code goes to "%s"`,
      `${OF}a code of one client is none of another, and its failed use leaves it to its owner`,
      `${OF}a private client is not itself without its secret`,
      `${OF}nothing is posted to "%s"`,
    ],
  },
]
