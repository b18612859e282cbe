import type { Attack } from './attack.ts'

const MEMBERS = 'test/back-channel/client-members.test.ts'
const DELIVERY = 'test/back-channel/delivery.test.ts'

/** Attacks by way of the addresses at which clients are told of sign-outs, each with the tests that hold it. */
export const attacks: readonly Attack[] = [
  {
    id: 'back-channel-addresses',
    kind: 'A client has an internal address called by this server, at once, by a redirect or after the allowed networks changed.',
    reference: 'CWE-918, OpenID Connect Back-Channel Logout 1.0 §2.2',
    tests: [
      `${MEMBERS} › %s is refused with the reason`,
      `${MEMBERS} › is checked when a client is changed as well`,
      `${DELIVERY} › a client that answers %i is not told again, and an operator can read why`,
      'test/back-channel/restart.test.ts › an address in a network that is no longer allowed is not called',
    ],
  },
  {
    id: 'back-channel-blockade',
    kind: 'A client that does not answer, or answers without an end, keeps people from signing out and others from being told.',
    tests: [
      'test/back-channel/sign-out.test.ts › is answered at once while the client hangs, and the client is told again',
      `${DELIVERY} › a client that is down keeps no other waiting`,
      `${DELIVERY} › a client that answers with more than a notice is worth is not read to the end`,
    ],
  },
  {
    id: 'back-channel-left-behind',
    kind: 'A client that was removed or switched off is still told who signs out.',
    tests: [`${DELIVERY} › a client that %s is not told`],
  },
  {
    id: 'back-channel-session-kept',
    kind: 'A thief keeps the session at an app after the customer took another password or was blocked, since the app is not told.',
    tests: [
      'test/back-channel/causes.test.ts › all others, where the customer takes another password',
      'test/back-channel/causes.test.ts › everything of a person ends: each client is told once, and no session is named',
    ],
  },
]
