import type { Attack } from './attack.ts'

/** What people met on other servers: one thing under several names, and ways that end nowhere. */
export const attacks: readonly Attack[] = [
  {
    id: 'one-mailbox',
    kind: 'One mailbox in several spellings is several customers, each with a lockout and a password of its own.',
    reference: 'RFC 5890; UTS 46',
    tests: [
      'test/interaction/unicode-addresses.test.ts › is one account in every spelling: at the sign-in page, for tokens, in letters and at another registration',
      'test/interaction/unicode-addresses.test.ts › a new password and a code by mail are had in either spelling',
      'test/interaction/unicode-addresses.test.ts › names that only look like the domain, and what is no domain, are refused or are another account',
    ],
  },
  {
    id: 'kept-refresh-tokens',
    kind: 'A client that keeps its first refresh token, as its shop taught it, is taken for a thief.',
    tests: [
      'test/endpoints/refresh-policy.test.ts › a refresh token stays the same, however often and however many at once use it',
      'test/endpoints/refresh-policy.test.ts › is for clients that prove who they are',
      'test/endpoints/refresh-policy.test.ts › the old token works until its successor was used, and always leads to the same one',
      'test/endpoints/refresh-policy.test.ts › the old token after its successor was used is theft, and ends the family',
    ],
  },
  {
    id: 'dead-ends',
    kind: 'A sign-in or a sign-out ends on a page without a way on, or on none.',
    tests: [
      'test/browser/onward.test.ts › is reached by signing in',
      'test/browser/onward.test.ts › is reached by a change of the password in between: %s',
      'test/browser/onward.test.ts › is reached with response mode %s',
      'test/browser/onward.test.ts › is reached by signing out, with a session and without',
      'test/endpoints/logout-hints.test.ts › a sign-out that a client asked for without an address to go to leads to the client',
      'test/endpoints/logout-hints.test.ts › one with an expired form leads to a new one',
      'test/interaction/going-back.test.ts › going back after a sign-in leads on to the client, from every page of it',
      'test/interaction/end-buttons.test.ts › $name has one button that stands out, the first, and leads on',
    ],
  },
]
