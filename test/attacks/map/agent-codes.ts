import type { Attack } from './attack.ts'

const OF = 'test/attacks/agent-codes.test.ts › '
const ENDPOINTS = 'test/dialects/magento/new-endpoints.test.ts › '

/** Attacks on what signs in in place of a password at Magento's endpoints, and on tokens that others ask for. */
export const attacks: readonly Attack[] = [
  {
    id: 'agent-codes',
    kind: 'The one-time code of an agent is used twice, later, at once, for another account, or is guessed.',
    tests: [
      `${OF}gives one of many who use it at once a token`,
      `${OF}is worth nothing once the agent %s`,
      `${OF}is worth nothing once the customer %s`,
      `${OF}is no password: it changes none, and resets none`,
      `${OF}is guessed no more often than a password`,
      `${OF}is in storage no token and no code`,
      `${ENDPOINTS}7: is over after thirty seconds; the password works still`,
      `${ENDPOINTS}8: is exchanged for a token; with another’s address nothing is used up`,
    ],
  },
  {
    id: 'reset-keys-that-sign-in',
    kind: 'A key that resets a password signs in twice, after the password changed, for another account, or elsewhere.',
    tests: [
      `${OF}is used up by one of many at once`,
      `${OF}is dead once the password changed, and for any other address`,
      `${OF}signs in nowhere but at this shop’s endpoints`,
    ],
  },
  {
    id: 'customers-of-others',
    kind: 'Somebody gets a customer’s token without the right: no agent, no consent, no client that may vouch.',
    tests: [
      `${ENDPOINTS}3: is for agents alone`,
      `${ENDPOINTS}4: is refused for a customer who has not allowed it, or does not any more`,
      `${ENDPOINTS}12: is refused to a customer and to a guest`,
      `${ENDPOINTS}14: has no permission without the scope, nor has anybody else`,
      `${ENDPOINTS}is refused %s`,
      `${ENDPOINTS}asks OAuth for nothing by the grant with a token that is not for it`,
      `${ENDPOINTS}is refused another’s company, and every token mutation ignores the header`,
    ],
  },
  {
    id: 'refresh-across-services',
    kind: 'The refresh token of another client or service gets a token of this one.',
    tests: [`${OF}the refresh token of another client, or of another service, refreshes nothing here`],
  },
]
