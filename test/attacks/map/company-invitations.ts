import type { Attack } from './attack.ts'

/** Attacks on how the people of a company are invited, changed and removed. */
export const attacks: readonly Attack[] = [
  {
    id: 'invitation-used-by-others',
    kind: 'An invitation to a company is used twice, by somebody else than it was sent to, or after its sender lost the permission.',
    tests: [
      'test/attacks/company-invitations.test.ts › that was used, declined or taken back is used by nobody again, from the letter or from the page',
      'test/attacks/company-invitations.test.ts › whose link is forwarded to another address joins nobody else to the company',
      'test/attacks/company-invitations.test.ts › is not for an address that nobody has confirmed, though it is the same',
      'test/attacks/company-invitations.test.ts › is accepted once, however many accept it at once, and two to one company make one company user',
      'test/attacks/company-invitations.test.ts › ends with the permission of who sent it',
      'test/attacks/company-invitations.test.ts › is sent again with a new link, and the one of before no longer works',
    ],
  },
  {
    id: 'invitation-flood',
    kind: 'Invitations flood an address, carry markup, or write to more people than one.',
    tests: [
      'test/attacks/company-invitations.test.ts › is written to one address five times a day at most, also by sending it again, and the answer stays the same',
      'test/attacks/company-invitations.test.ts › shows the name of a company as text, on the page and in the mail',
      'test/attacks/company-invitations.test.ts › to %s is refused with the form, and nobody is written to',
    ],
  },
  {
    id: 'company-taken-over',
    kind: 'Somebody changes or removes people of a company that is not theirs to look after, gives a role that may more than they do, or leaves it without an administrator.',
    tests: [
      'test/attacks/company-invitations.test.ts › are not to be named by others: %s',
      'test/attacks/company-invitations.test.ts › get no role that may more than the administrator, and who has one is out of reach',
      'test/attacks/company-invitations.test.ts › are never left without anybody who looks after them, also when two give it up at once',
      'test/attacks/company-invitations.test.ts › are out of reach of an administrator who was deactivated while the form was open',
      'test/endpoints/company-people.test.ts › of another company are out of reach, whatever the request names: %s',
      'test/endpoints/company-people.test.ts › get and lose no role that may more than their administrator, themselves included',
      'test/endpoints/company-people.test.ts › are never left without an administrator, also when two take each other’s role at once',
      'test/endpoints/company-people.test.ts › is software of others only with a scope that it was given by name',
      'test/endpoints/company-people.test.ts › is no agent who acts for an administrator',
      'test/endpoints/company-people.test.ts › is no service that got the token of an administrator by a trade, whatever scopes it asks for',
      'test/endpoints/company-people.test.ts › is who looks after the company now, and not who did a moment ago',
      'test/customers/last-administrators.test.ts › of the last two, who %s and %s at the same instant, one stays',
    ],
  },
  {
    id: 'company-of-somebody-else',
    kind: 'A token request names a company user of somebody else, one that is closed, or another than a third-party client was allowed to act for.',
    tests: [
      'test/endpoints/company-choice.test.ts › is refused by $name in the same words, whatever it is',
      'test/endpoints/company-choice.test.ts › is one that they left, and one that is blocked, although they belong to them',
      'test/endpoints/company-choice.test.ts › is refused to a wrong password as a wrong password, so that nobody else learns whose it is',
      'test/endpoints/company-choice.test.ts › is what they were signed out of, until they sign in again',
      'test/endpoints/company-choice.test.ts › is any other than the one that a third-party client was allowed to act for',
    ],
  },
]
