import type { Attack } from './attack.ts'

/** Attacks on the second factors of customers, each with the tests that hold it. */
export const attacks: readonly Attack[] = [
  {
    id: 'guessed-codes',
    kind: 'Who knows the password guesses the code, over many connections, endpoints or networks.',
    reference: 'NIST SP 800-63B-4 §3.2.2',
    tests: [
      'test/attacks/second-factor.test.ts › are looked at as often as one after another, and then the right one is not looked at either',
      'test/attacks/second-factor.test.ts › count together at the pages and the token endpoint',
      'test/attacks/second-factor.test.ts › from networks of their own are stopped together',
      'test/attacks/second-factor.test.ts › lock that factor: neither the password, nor paper, nor anybody else',
      'test/credentials/factor-guard.test.ts › a hundred wrong codes in a row lock a factor for good, and no other',
      'test/interaction/mailed-second-factor.test.ts › the sixth try of a code is wrong even when it is right',
      'test/interaction/mailed-second-factor.test.ts › so many codes are mailed to one customer, and no more',
    ],
  },
  {
    id: 'replayed-codes',
    kind: 'A code is used twice, or is that of another person or of another sign-in.',
    reference: 'RFC 6238 §5.2',
    tests: [
      'test/attacks/second-factor.test.ts › %s signs in once, at whatever endpoint',
      'test/attacks/second-factor.test.ts › from one page ends in one sign-in',
      'test/attacks/second-factor.test.ts › the code %s of one customer is no code of another',
      'test/interaction/mailed-second-factor.test.ts › only the newest code works, in the browser that asked for it',
    ],
  },
  {
    id: 'staged-before-second-factor',
    kind: 'A sign-in by password alone is kept until there is a second factor, and then goes on without it.',
    tests: [
      'test/attacks/second-factor.test.ts › a sign-in by password that waits %s goes no further once there is a second factor',
      'test/attacks/second-factor.test.ts › a session by password goes no further at an app it was never at, nor at those it was',
      'test/interaction/account/second-factor.test.ts › counts once its code was right, makes this session a strong one, and ends all others',
    ],
  },
  {
    id: 'step-skipped',
    kind: 'Another step of the sign-in is asked for in place of the second factor, or the factor is set up or removed by a password alone.',
    tests: [
      'test/interaction/second-factor.test.ts › is not let in by leaving the page, nor by the address of another step',
      'test/interaction/second-factor.test.ts › shows it before a password that must be changed is changed',
      'test/interaction/second-factor.test.ts › needs it after a new password by mail too',
      'test/interaction/account/second-factor.test.ts › does neither after a password alone, in a remembered browser',
      'test/interaction/account/second-factor.test.ts › cannot be set up over another',
      'test/attacks/second-factor.test.ts › the account’s own pages show nothing to a password alone',
      'test/endpoints/second-factor-grants.test.ts › refuses the password alone of a customer with a second factor, and signs in one without',
    ],
  },
  {
    id: 'planted-second-factor',
    kind: 'A secret that an attacker knows becomes the second factor of somebody else.',
    tests: ['test/interaction/account/second-factor.test.ts › is that of the customer whose form it is'],
  },
  {
    id: 'remembered-browser',
    kind: 'The cookie that replaces a code is stolen, forged, or used for another person.',
    tests: [
      'test/attacks/second-factor.test.ts › of one customer says nothing for another, under whatever name',
      'test/attacks/second-factor.test.ts › that was copied works no longer than until its owner comes back',
      'test/attacks/second-factor.test.ts › that is none is no error',
      'test/interaction/account/second-factor.test.ts › ends with %s',
      'test/interaction/account/second-factor.test.ts › of somebody else is not there to be forgotten',
    ],
  },
  {
    id: 'acr-downgrade',
    kind: 'A request, a refresh or a weak code makes a sign-in look stronger than it was, or asks for less than is needed.',
    reference: 'RFC 9470 §8',
    tests: [
      'test/attacks/second-factor.test.ts › is not talked down or up by a request: %j',
      'test/attacks/second-factor.test.ts › does not grow with a refresh',
      'test/interaction/second-factor.test.ts › in a remembered browser shows the code where a client asks for it by name: %j',
      'test/interaction/mailed-second-factor.test.ts › a request for a second factor by name is not met by a code by mail',
      'test/endpoints/acr.test.ts › that the person cannot reach is an error, before and after a sign-in: %j',
    ],
  },
]
