import type { Attack } from './attack.ts'

/** Attacks on clients of FAPI 2.0, and on approval on another device, each with the tests that hold it. */
export const attacks: readonly Attack[] = [
  {
    id: 'assertion-for-another-server',
    kind: 'An assertion that a client made for another server, or for an endpoint that somebody renamed, is shown here.',
    reference: 'FAPI 2.0 Security Profile §5.3.2.1',
    tests: ['test/conformance/fapi2-security-profile.test.ts › at %s %s is answered %d'],
  },
  {
    id: 'weaker-algorithms',
    kind: 'A client of FAPI 2.0 is led to RS256, in an assertion, a proof or a signed request.',
    reference: 'FAPI 2.0 Security Profile §5.4',
    tests: [
      'test/conformance/fapi2-security-profile.test.ts › signed with RS256 is refused at userinfo and /par as well, also by the key that the token is bound to',
      'test/conformance/fapi2-message-signing.test.ts › %s is answered %i',
      'test/endpoints/encrypted-answers.test.ts › %s is refused when the client is stored',
    ],
  },
  {
    id: 'unsigned-requests',
    kind: 'A request object without a signature, with its signature cut off, or with parameters beside it, counts.',
    reference: 'RFC 9101 §10',
    tests: [
      'test/conformance/fapi2-message-signing.test.ts › %s is refused',
      'test/conformance/fapi2-message-signing.test.ts › counts, and what stands beside it does not',
      'test/conformance/fapi2-message-signing.test.ts › is needed: a request that is pushed without a signature is refused',
    ],
  },
  {
    id: 'weakened-client',
    kind: 'An operator stores a client of a profile without what the profile demands.',
    tests: [
      'test/admin/security-profile.test.ts › %s: %j is refused with the rule and what to set',
      'test/admin/security-profile.test.ts › a stored client does not come to break its profile by a change',
    ],
  },
  {
    id: 'push-bombing',
    kind: 'A client asks a customer for approval until they agree.',
    tests: [
      'test/endpoints/ciba.test.ts › a customer who is asked again and again sees five requests at most, and the client cannot tell',
      'test/endpoints/ciba.test.ts › a client that asks without end leaves the others their requests',
    ],
  },
  {
    id: 'approval-oracle',
    kind: 'A client finds out by requests for approval who has an account.',
    tests: ['test/endpoints/ciba.test.ts › %s is answered as a customer is'],
  },
  {
    id: 'approved-too-easily',
    kind: 'An approval on another device gives what a sign-in at that client would not: it needs no second factor, or no confirmed address.',
    tests: [
      'test/endpoints/ciba.test.ts › of a client that needs second factors is not approved by a session that lacks one',
      'test/endpoints/ciba.test.ts › of a client for confirmed addresses does not reach a customer without one, and the client cannot tell',
    ],
  },
  {
    id: 'foreign-approvals',
    kind: 'Somebody sees or answers what another customer is asked, answers twice, too late, or without the form.',
    tests: [
      'test/endpoints/ciba.test.ts › is seen and answered by its own customer only, and not without the token of the form',
      'test/endpoints/ciba.test.ts › that was answered is not answered again',
      'test/endpoints/ciba.test.ts › that nobody answers in time is over: expired_token, and it cannot be approved any more',
      'test/endpoints/ciba-backends.test.ts › what is asked at one node is decided once at both, and given once',
    ],
  },
  {
    id: 'stolen-request-ids',
    kind: 'Another client collects the tokens of a request, or a hint comes from an ID token of another client.',
    tests: [
      'test/endpoints/ciba.test.ts › of another client gives it nothing',
      'test/endpoints/ciba.test.ts › an ID token of another client is no hint',
      'test/endpoints/ciba.test.ts › what waits to be sent holds neither the notification token nor the id of the request',
    ],
  },
]
