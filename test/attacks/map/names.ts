import type { Attack } from './attack.ts'

/** Attacks by what somebody calls something. */
export const attacks: readonly Attack[] = [
  {
    id: 'names-without-address',
    kind: 'An admin token, a secret or a client is called so that no address of the admin API leads to it: nobody can end it.',
    tests: [
      'test/attacks/hostile-names.test.ts › is not called %s, by which nobody could end it',
      'test/attacks/hostile-names.test.ts › may be called with dots beside letters',
    ],
  },
  {
    id: 'app-names',
    kind: 'The name of an app turns the page of the consent around, or fills it.',
    tests: [
      'test/attacks/hostile-names.test.ts › is refused when it turns the page around, or fills it: %j',
      'test/attacks/hostile-names.test.ts › is in any script',
    ],
  },
]
