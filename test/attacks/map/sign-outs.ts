import type { Attack } from './attack.ts'

/** Attacks by way of sign-outs, each with the tests that hold it. */
export const attacks: readonly Attack[] = [
  {
    id: 'unasked-sign-outs',
    kind: 'A link of another site, or a client with an ID token of another session, signs a person out without a question.',
    reference: 'OpenID Connect RP-Initiated Logout 1.0 §2',
    tests: [
      'test/endpoints/logout.test.ts › with %s asks first, and the session goes on',
      'test/endpoints/logout.test.ts › with the hint of a session that ended, in a browser where another person is signed in now, asks first',
    ],
  },
]
