import type { Attack } from './attack.ts'

/** Attacks by way of the pages of a customer's own account. */
export const attacks: readonly Attack[] = [
  {
    id: 'account-forged-forms',
    kind: 'A form of the account pages is sent from elsewhere, for another act, for the customer of before, or in a shape that no browser sends.',
    tests: [
      'test/attacks/account-pages.test.ts › to %s that did not come from its page changes nothing',
      'test/attacks/account-pages.test.ts › to %s without a session leads to a sign-in, whatever it carries',
      'test/attacks/account-pages.test.ts › to %s that no browser would send is refused with a page',
      'test/attacks/account-pages.test.ts › to %s is asked for with a GET and shows at most a form',
      'test/attacks/account-pages.test.ts › to %s with values that nobody has is no failure of the server',
      'test/attacks/account-pages.test.ts › every form of the account pages is attacked here',
      'test/interaction/account/frame.test.ts › %s opens for who is signed in at an app, and is framed, stored and scripted by nobody',
    ],
  },
  {
    id: 'account-old-session',
    kind: 'Who finds a browser signed in, or follows a link of the shop, takes the account over: its password, its address, its data.',
    tests: [
      'test/attacks/account-pages.test.ts › may not %s once the sign-in is old',
      'test/attacks/account-pages.test.ts › is made no younger by signing out everywhere else',
      'test/attacks/account-pages.test.ts › that began with a link of the shop opens no sensitive form',
      'test/attacks/account-pages.test.ts › that began with a link of the shop opens none after signing out everywhere else',
      'test/interaction/account/companies.test.ts › ends with the company user: a session that was signed out of it is renewed by no form of the account pages',
      'test/attacks/account-pages.test.ts › learns nothing of what another customer had typed before signing in again',
      'test/attacks/account-pages.test.ts › a session that somebody planted in a browser is not the one that a customer signs in to',
      'test/attacks/account-pages.test.ts › a code of the account pages is of no use to anybody',
    ],
  },
  {
    id: 'account-made-up-addresses',
    kind: 'A sign-in to the account leads to an address that somebody made up.',
    tests: ['test/attacks/account-pages.test.ts › a sign-in leads to no address that somebody made up (%s)'],
  },
  {
    id: 'stored-names',
    kind: 'A name that somebody else chose is mark-up: of a company, a role, an app, a provider, a passkey, a person or a browser.',
    tests: [
      'test/attacks/stored-names.test.ts › names on the page of %s come out encoded',
      'test/attacks/stored-names.test.ts › names on the way to an app come out encoded',
      'test/attacks/stored-names.test.ts › the file with the data is no page, whatever is in it',
    ],
  },
  {
    id: 'account-ids-of-others',
    kind: 'A customer names the session, the app, the company or the invitation of somebody else.',
    tests: [
      'test/interaction/account/sessions.test.ts › a session %s is as unknown as any, and lives on',
      'test/attacks/account-pages.test.ts › an app of another customer is not theirs to withdraw',
      'test/interaction/account/companies.test.ts › is refused for a company user %s',
      'test/interaction/account/companies.test.ts › waits on the page of whom it is for, who may decline it, and nobody else can answer it',
      'test/interaction/account/companies.test.ts › gives no role with more permissions than the inviter has, and is of no company of others',
    ],
  },
  {
    id: 'account-enumeration',
    kind: 'The forms for another address and for an invitation tell which addresses have an account.',
    tests: [
      'test/interaction/account/own-data.test.ts › that has an account is answered as any other, and nothing moves',
      'test/interaction/account/companies.test.ts › is answered alike for every address, and can be taken back',
    ],
  },
]
