import type { Attack } from './attack.ts'

/** Attacks on tokens and grants, each with the tests that hold it. */
export const attacks: readonly Attack[] = [
  {
    id: 'derived-tokens',
    kind: 'A service that was sent an access token trades it for more: another audience, wider scopes, a longer life, a refresh token.',
    tests: [
      'test/attacks/derived-tokens.test.ts › a service that received a token of a public client gets nothing for it elsewhere',
      'test/attacks/derived-tokens.test.ts › $name gives no scope that the token does not have',
      'test/attacks/derived-tokens.test.ts › what came of a token ends with it',
      'test/attacks/derived-tokens.test.ts › an agent who acts for a customer',
    ],
  },
  {
    id: 'machine-tokens',
    kind: 'Any client gets a token of its own that says it is a person, an agent or the back office, for a service that serves none.',
    tests: [
      'test/attacks/machine-tokens.test.ts › a token of a client itself for %s is refused, or says nothing of a person',
      'test/attacks/machine-tokens.test.ts › software of others',
      'test/cli/doctor.test.ts › that were stored before they had to say what they may ask for are found',
    ],
  },
  {
    id: 'code-races',
    kind: 'A code that is sent twice at once is answered twice, or a device that polls twice is never connected.',
    tests: [
      'test/attacks/code-races.test.ts › $code that is sent many times at once is answered once; what was answered goes on: $goesOn',
      'test/attacks/code-races.test.ts › a pushed request that is opened many times at once ends in one code, which is good',
      'test/attacks/code-races.test.ts › %s has one winner of many at once; the losers end its grant %d times',
      'test/endpoints/authorization-code.test.ts › is good once: used again, it kills what it gave',
    ],
  },
  {
    id: 'claims-asked-later',
    kind: 'Another site has the browser ask for more claims, and a token that is out already says them at userinfo.',
    reference: 'OIDC Core §5.5',
    tests: [
      'test/attacks/claims-asked-later.test.ts › a token says no more at userinfo because a later request of its client asked for more',
      'test/attacks/claims-asked-later.test.ts › nor do those that are refreshed, or come of a request that asks for nothing more',
    ],
  },
]
