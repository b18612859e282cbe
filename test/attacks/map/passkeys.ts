import type { Attack } from './attack.ts'

const OF = 'test/attacks/passkeys.test.ts › '
const ACCOUNT = 'test/interaction/account/passkeys.test.ts › '

/** Attacks on sign-ins by passkey (WebAuthn Level 3). */
export const attacks: readonly Attack[] = [
  {
    id: 'passkey-replay',
    kind: 'What a passkey answered is sent again, elsewhere, or to a challenge that somebody made up.',
    reference: 'WebAuthn §13.4.3',
    tests: [
      `${OF}signs in once, however many send it at once`,
      `${OF}to the challenge of another sign-in is refused, also in the same browser`,
      `${OF}to the challenge of a new passkey, or to one that somebody made up, is refused`,
      `${OF}is made once by an answer, and in the browser that was asked alone`,
      `${ACCOUNT}a challenge of one session adds nothing in another`,
    ],
  },
  {
    id: 'passkey-forgery',
    kind: 'An answer is of another site, a frame, another person, or nobody.',
    reference: 'WebAuthn §7.2',
    tests: [
      `${OF}%s is refused as an unknown passkey is`,
      `${OF}with the user handle of another customer signs in neither`,
      `${OF}of a customer who is blocked is refused as an unknown passkey is`,
      `${OF}that is %s is an error of the person, and no more`,
      'test/attacks/passkey-nonsense.test.ts › a new passkey that is nonsense is an error of the person, and leaves nothing: %s',
      `${OF}with the form of another site, or without ours, is refused`,
    ],
  },
  {
    id: 'passkey-clone',
    kind: 'A copy of a passkey is used beside the original.',
    reference: 'WebAuthn §6.1.1',
    tests: [
      `${OF}of a passkey of one device whose counter went back is refused, and on the trail`,
      'test/interaction/passkeys.test.ts › a synced passkey whose counter went back signs in, and the trail says so',
    ],
  },
  {
    id: 'passkey-planted',
    kind: 'Somebody adds a passkey to an account that is not theirs, or keeps one after the owner took the account back.',
    tests: [
      `${OF}%s is not taken`,
      `${OF}with an id that another customer has is not taken, and theirs stays`,
      `${OF}is not offered before the password, and the form is of no use without it`,
      `${ACCOUNT}shows the passkeys, and keeps those alone that the person knows`,
      'test/attacks/self-service.test.ts › a recovery leaves no passkey that somebody else may have added',
      `${ACCOUNT}of somebody else are not there for %s`,
    ],
  },
  {
    id: 'passkey-outlived',
    kind: 'A sign-in that was proved with a passkey is used after the passkey is gone.',
    tests: [`${OF}that waits for its browser is over when the passkey is removed`],
  },
  {
    id: 'passkey-enumeration',
    kind: 'The login page tells which addresses have an account or a passkey.',
    reference: 'WebAuthn §14.6.2',
    tests: ['test/interaction/passkeys.test.ts › the page asks for the same of every address, and names no passkeys'],
  },
  {
    id: 'passkey-lockout',
    kind: 'Somebody locks a customer out with passkeys that are wrong, or takes their last way in.',
    tests: [
      `${OF}that fails many times locks nobody out`,
      `${ACCOUNT}keep a last way in: one passkey stays, of two that go at once as well`,
      'test/interaction/account/ways-in.test.ts › of a passkey and a provider that go at once one stays',
      'test/interaction/account/ways-in.test.ts › of two providers and two passkeys that go at once one stays',
    ],
  },
  {
    id: 'script-injection',
    kind: 'A script of others runs on a page that has ours.',
    reference: 'CSP Level 3',
    tests: ['test/browser/passkeys.test.ts › the policy of the page runs our script, by its digest, and no other'],
  },
]
