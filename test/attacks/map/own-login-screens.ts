import type { Attack } from './attack.ts'

const SIGN_IN = 'test/oauth/challenge/sign-in.test.ts › '
const STEPS = 'test/oauth/challenge/steps.test.ts › '
const GUARDS = 'test/oauth/challenge/guards.test.ts › '
const KEPT = 'test/oauth/challenge/kept.test.ts › '

/** Attacks on sign-in screens of apps (OAuth 2.0 for First-Party Applications). */
export const attacks: readonly Attack[] = [
  {
    id: 'software-of-others-asks-for-passwords',
    kind: 'Software of others, or software that registered itself, uses the endpoint that takes passwords.',
    reference: 'draft-ietf-oauth-first-party-apps-04 §9.1',
    tests: [
      `${SIGN_IN}that is not switched on is refused alike with right and wrong passwords, before any is looked at`,
      `${SIGN_IN}%s cannot be switched on`,
      'test/clients/documents.test.ts › %s',
    ],
  },
  {
    id: 'accounts-by-challenge',
    kind: 'Somebody learns from steps, headers or mails which addresses have an account.',
    reference: 'CWE-204',
    tests: [
      `${GUARDS}%s: every login gets the same answer`,
      `${GUARDS}and a blocked customer’s right password is a wrong one`,
      `${GUARDS}and one mail goes to the account there is`,
    ],
  },
  {
    id: 'guessing-by-challenge',
    kind: 'Passwords and codes are guessed where the lockout of other endpoints does not count.',
    reference: 'CWE-307',
    tests: [
      `${GUARDS}wrong passwords here lock the password grant, and the answer says when to come back`,
      `${GUARDS}and the other way round`,
      `${STEPS}is not looked at after five wrong ones`,
      `${STEPS}is the answer to ten wrong proofs in one sign-in`,
    ],
  },
  {
    id: 'stolen-auth-session',
    kind: 'An auth_session is used by somebody else, again, or after the sign-in ended.',
    reference: 'draft-ietf-oauth-first-party-apps-04 §9.6',
    tests: [
      `${SIGN_IN}binds every request of a sign-in to the key of the first`,
      `${SIGN_IN}cannot go on with the sign-in of another`,
      `${GUARDS}is another value in each answer; the one before works once more, for ten seconds`,
      `${GUARDS}a sign-in that is kept ends`,
      `${KEPT}leave one record each, for a quarter of an hour, no grant, and no value that opens them`,
    ],
  },
  {
    id: 'two-codes-from-one-challenge',
    kind: 'Requests at the same time turn one proof into several codes.',
    reference: 'CWE-362',
    tests: [
      `${GUARDS}of one sign-in wins once, however many requests come with it and the right code`,
      `${GUARDS}of a sign-in %s wins once, however many right passwords come at once`,
      `${KEPT}\${name}: a sign-in goes on at the other node, and its last step is taken once`,
    ],
  },
  {
    id: 'code-of-another-way',
    kind: 'A code of a browser is redeemed as one of an app, or the other way round.',
    reference: 'RFC 9700 §4.5',
    tests: [
      `${SIGN_IN}of a browser is refused without its redirect, whether the client has one address or several`,
      `${SIGN_IN}is refused with the key of somebody else, and without one`,
      `${SIGN_IN}works once, and a second use ends what the first one gave`,
    ],
  },
  {
    id: 'code-of-another-sign-in',
    kind: 'A victim reads a mailed code, or a passkey answer, to somebody who began another sign-in.',
    reference: 'draft-ietf-oauth-first-party-apps-04 §9.5',
    tests: [`${STEPS}is worth nothing in another sign-in`, `${STEPS}answers the challenge of its own sign-in only`],
  },
  {
    id: 'page-of-another-site-signs-in',
    kind: 'A page of another site asks the endpoint from a browser.',
    reference: 'draft-ietf-oauth-first-party-apps-04 §9.4',
    tests: [
      `${GUARDS}from %s with %s may ask: %s`,
      `${GUARDS}gets nothing without a proof, or from an origin that the client does not list`,
      'test/browser/sign-in-package.test.ts › gets nothing on a page that the client does not list',
    ],
  },
]
