import type { Attack } from './attack.ts'

/** Attacks on accounts and what stands for them, each with the tests that hold it. */
export const attacks: readonly Attack[] = [
  {
    id: 'external-directory',
    kind: 'An answer of another system is joined to an account it was not asked about.',
    tests: [
      'test/attacks/external-directory.test.ts › at $name the old address of a customer who moved opens nothing, and their password stays',
      'test/attacks/external-directory.test.ts › a stranger whose answer names %s gets no token and changes nothing',
      'test/attacks/external-directory.test.ts › the answer about one customer does not change companies and rights that others have here',
      'test/attacks/external-directory.test.ts › at $name a sign-in that is answered with another customer is a wrong password',
      'test/attacks/external-directory.test.ts › a look-up by %s takes the customer with that key, and no other',
    ],
  },
  {
    id: 'refused-unchecked',
    kind: 'What the audit trail is told of a refused login tells the caller whose login it is.',
    tests: [
      'test/attacks/refused-unchecked.test.ts › the trail names the customer, and nobody else is named',
      'test/attacks/refused-unchecked.test.ts › nobody learns from an answer who is a customer',
      'test/attacks/refused-unchecked.test.ts › nobody learns it from the time of an answer',
    ],
  },
  {
    id: 'taken-and-given-back',
    kind: 'Something that was taken away and given back revives old tokens and sessions.',
    tests: [
      'test/attacks/taken-and-given-back.test.ts › what was given before does not come back with $name',
      'test/attacks/taken-and-given-back.test.ts › with one who is %s, and the contrary',
      'test/attacks/taken-and-given-back.test.ts › with a revoked admin token end those that were made with it, and those made with these',
      'test/attacks/taken-and-given-back.test.ts › what is asked about while the customer %s has ended for good',
    ],
  },
  {
    id: 'chosen-identifiers',
    kind: 'An identifier that a caller chooses is taken for proof of owning it.',
    tests: [
      'test/attacks/chosen-identifiers.test.ts › the id of a visitor is taken once, whoever chose it and whoever asks again: %s',
      'test/attacks/chosen-identifiers.test.ts › of many who ask for one id at once, one gets it',
    ],
  },
  {
    id: 'graphql-limits',
    kind: 'A short GraphQL document costs seconds, or more stack than there is.',
    tests: [
      'test/attacks/graphql-limits.test.ts › a document of %s is refused in its own words, and costs no more than a short one',
      'test/attacks/graphql-limits.test.ts › no document or variable of %s is a failure of the server',
    ],
  },
  {
    id: 'throttle-race',
    kind: 'Wrong passwords at once are counted as one.',
    tests: [
      'test/dialects/magento/throttle.test.ts › counts the first wrong passwords of all who try at once',
      'test/dialects/magento/throttle.test.ts › checks of many at once no more than it bears, also the first time',
    ],
  },
  {
    id: 'administrator-password-alone',
    kind: 'A stolen password of an administrator, or a session found open, is enough for everything.',
    tests: [
      'test/admin/second-factor.test.ts › is signed out once it is confirmed, and needs a code from then on',
      'test/admin/second-factor.test.ts › wrong codes lock as wrong passwords do, recovery codes included',
      'test/admin/second-factor.test.ts › a recovery code lets in once, however it is typed, and one of many at once',
      'test/admin/second-factor.test.ts › removes it with password and code alone, and its recovery codes with it',
      'test/admin/second-factor.test.ts › an administrator without one may do nothing but set one up',
      'test/admin/sign-in.test.ts › of the role %s: a session that somebody found open sets no password of its owner',
    ],
  },
]
