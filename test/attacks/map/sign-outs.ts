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
  {
    id: 'signed-documents-as-tokens',
    kind: 'A page of revocations, a status list, a signed answer of introspection or an ID token is shown as an access token.',
    reference: 'RFC 8725 §3.11',
    tests: [
      'test/attacks/revocations.test.ts › nothing that we sign for others is a token anywhere: pages, lists, answers of introspection',
      'test/attacks/revocations.test.ts › an ID token is none at a resource server whose tokens have the same type',
    ],
  },
  {
    id: 'strangers-at-the-feed',
    kind: 'A stranger reads personal data in the feed of revocations, makes its cursors up to cost the database, or takes all places of those who wait.',
    tests: [
      'test/attacks/revocations.test.ts › a stranger who reads the feed learns no name, login or address of anybody',
      'test/attacks/revocations.test.ts › one address cannot take all places of those who wait',
      'test/oauth/revocation-feed/feed.test.ts › cursors that strangers make up cost the log nothing, near the head and far behind it',
    ],
  },
]
