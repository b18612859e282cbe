import type { Attack } from './attack.ts'

const FILE = 'test/attacks/sign-in-elsewhere.test.ts'
const PRE = 'test/attacks/pre-hijacking.test.ts'

/** Attacks by way of a sign-in provider, each with the tests that hold it. */
export const attacks: readonly Attack[] = [
  {
    id: 'upstream-id-tokens',
    kind: 'A provider, or somebody in its place, answers with an ID token that is unsigned, expired, replayed or for another party.',
    reference: 'OpenID Connect Core §3.1.3.7, RFC 8725',
    tests: [
      `${FILE} › an ID token %s signs nobody in`,
      `${FILE} › an ID token of another sign-in is not taken for this one`,
      'test/upstreams/kinds.test.ts › Entra: a token %s is refused',
    ],
  },
  {
    id: 'upstream-mix-up',
    kind: 'The answer of one provider is sent to the callback, or the code to the token endpoint, of another.',
    reference: 'RFC 9207, RFC 9700 §4.4',
    tests: [
      `${FILE} › an answer whose issuer is %s is refused before its code is sent anywhere`,
      `${FILE} › a provider that says it names its issuer must do so`,
      `${FILE} › an answer at the callback of another provider is none (mix-up)`,
    ],
  },
  {
    id: 'upstream-answers-elsewhere',
    kind: 'An attacker has the browser of somebody else take the answer to a sign-in of the attacker, or puts a code into it.',
    reference: 'RFC 9700 §4.5, §4.7',
    tests: [
      `${FILE} › an answer signs in only the browser that asked (login CSRF, fixation of the state)`,
      `${FILE} › a code of the attacker, put into the sign-in of somebody else, is worth nothing there (code injection)`,
      `${FILE} › an answer is taken once`,
      `${FILE} › of answers that race exactly one is taken`,
      `${FILE} › a callback with %s gets a page, and changes nothing`,
      `${FILE} › a state is not told on: no page of an error repeats what came`,
    ],
  },
  {
    id: 'upstream-metadata',
    kind: 'The metadata of a provider lies about its issuer, is huge, or leads the server into its own network.',
    reference: 'CWE-918',
    tests: [
      `${FILE} › metadata %s is not used`,
      `${FILE} › metadata %s is not used, and nothing else is asked`,
      `${FILE} › a provider inside the network is not asked where the operator does not allow it`,
      `${FILE} › a token endpoint that its metadata has put inside the network gets no code`,
      'test/outgoing/guarded-fetch.test.ts › without an allowed network nothing is sent to %s',
      'test/outgoing/guarded-fetch.test.ts › a public name that leads to a private address is not called',
      'test/outgoing/guarded-fetch.test.ts › a name is resolved once, and the connection goes to the address that was checked',
      'test/outgoing/guarded-fetch.test.ts › a redirect is not followed',
      'test/outgoing/guarded-fetch.test.ts › an answer %s is none',
    ],
  },
  {
    id: 'pre-hijacking',
    kind: 'An attacker prepares the account of somebody before that person has it: merges, kept sessions, other identifiers, waiting changes, providers that check nothing.',
    reference: 'Pre-hijacked accounts, USENIX Security 2022',
    tests: [
      `${PRE} › classic-federated merge: an unconfirmed account with a password of the attacker is not merged with the victim`,
      `${PRE} › classic-federated merge: a registration that waits for its letter is worth nothing once the victim has the account`,
      `${PRE} › unexpired session: what the attacker holds of the account ends when the victim recovers it`,
      `${PRE} › trojan identifier: a provider that the attacker connected does not outlive the recovery by its owner`,
      `${PRE} › trojan identifier: a question whether to connect that waits is worth nothing after the recovery`,
      `${PRE} › unexpired e-mail change: a letter to an address of the attacker that waits is worth nothing after the recovery`,
      `${PRE} › non-verifying provider: an address that the provider did not check opens and reserves nothing`,
    ],
  },
  {
    id: 'upstream-addresses',
    kind: 'Somebody has a provider say an e-mail address that is not theirs, to get into its account or to learn whether it has one.',
    reference: 'CWE-290',
    tests: [
      'test/upstreams/sign-in.test.ts › an account with the address is connected by its owner alone: sign in to it once, and say yes',
      'test/upstreams/sign-in.test.ts › the page is the same for an address that has an account, where the provider does not vouch for it',
      'test/upstreams/kinds.test.ts › Entra: an address is not believed unless the owner of its domain was checked',
      'test/upstreams/kinds.test.ts › Google: no address opens an account that is there, not even one that Google runs',
      'test/upstreams/kinds.test.ts › Apple: a relay address does not open an account that has it',
    ],
  },
  {
    id: 'upstream-logout-tokens',
    kind: 'Somebody who is not the provider, or a token of before, signs customers out.',
    reference: 'OpenID Connect Back-Channel Logout 1.0 §2.6',
    tests: [
      'test/upstreams/sign-out.test.ts › %s is refused, and ends nothing',
      'test/upstreams/sign-out.test.ts › is taken once',
      'test/upstreams/sign-out.test.ts › of one provider ends nothing at another',
    ],
  },
]
