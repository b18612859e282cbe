import type { Attack } from './attack.ts'

/** Attacks on purchase mandates, each with the tests that hold it. */
export const attacks: readonly Attack[] = [
  {
    id: 'mandates-overspent',
    kind: 'More is spent than a customer allowed: by many requests at once on several nodes, by one order twice, or by a hold that is captured and released.',
    tests: [
      'test/mandates/races.test.ts › one order at once on both nodes is one hold',
      'test/mandates/races.test.ts › a hundred debits at once of four orders: four are held',
      'test/mandates/races.test.ts › a capture and a release of one hold: one of them wins, and the budget fits',
      'test/mandates/spending.test.ts › of the same order is the same; with another amount it is a conflict',
      'test/mandates/granting.test.ts › a page that is answered twice gives one mandate',
    ],
  },
  {
    id: 'mandates-widened',
    kind: 'A client or a forged form makes a mandate wider than the customer allowed: on the consent page, at the token endpoint, or by an approval for another order.',
    tests: [
      'test/mandates/granting.test.ts › %s is refused, also by a forged form',
      'test/mandates/granting.test.ts › %s is wider and refused',
      'test/mandates/spending.test.ts › needs an approval of the customer, which lets it through once, and that order only',
      'test/mandates/spending.test.ts › is not approved by another customer',
      'test/mandates/account.test.ts › the customer lowers and shortens it there, and cannot raise it',
    ],
  },
  {
    id: 'mandates-after-the-end',
    kind: 'A mandate is spent after its customer withdrew it, signed out everywhere or was erased, or after its client was disabled.',
    tests: [
      'test/mandates/account.test.ts › withdrawn, nothing more is held or captured, its tokens are inactive at once, and the link goes on',
      'test/mandates/races.test.ts › a withdrawal among holds: nothing is held after it',
      'test/mandates/operators.test.ts › signing a customer out everywhere ends their mandates',
      'test/mandates/operators.test.ts › a disabled client spends nothing',
    ],
  },
  {
    id: 'mandates-of-others',
    kind: 'Somebody spends, sees or changes a mandate that is not theirs: another client, another shop, or another customer.',
    tests: [
      'test/mandates/spending.test.ts › %s it is refused',
      'test/mandates/spending.test.ts › a mandate or a hold %s does not exist',
      'test/mandates/account.test.ts › a mandate of another customer is not there',
    ],
  },
]
