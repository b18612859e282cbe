import type { Attack } from './attack.ts'

/** Attacks on what resource servers are for, and on what they say to people, each with the tests that hold it. */
export const attacks: readonly Attack[] = [
  {
    id: 'not-offered',
    kind: 'Software of others finds, or gets a token for, a service that is for the own software of the shop alone.',
    tests: [
      'test/attacks/not-offered.test.ts › refuses software of others a resource server that is not offered, as one that does not exist',
      'test/attacks/not-offered.test.ts › serves the own software of the shop, and everybody once it is offered',
      'test/attacks/not-offered.test.ts › a code gives no token after that',
      'test/attacks/not-offered.test.ts › a refresh token gives none either, and works again when it is offered again',
      'test/attacks/not-offered.test.ts › the metadata at %s does not name its scopes',
    ],
  },
  {
    id: 'scope-descriptions',
    kind: 'A description of a scope brings markup, turns the page around, or hides what a person allows behind other words.',
    reference: 'CWE-79',
    tests: [
      'test/endpoints/scope-descriptions.test.ts › shows the scope %s as %s',
      'test/endpoints/scope-descriptions.test.ts › a scope of two resource servers is shown once for each, whatever one of them says',
      'test/interaction/pages.test.ts › hostile client names, hints, scopes and claims come out encoded',
      'test/admin/resource-server-schema.test.ts › %j is refused with what is wrong, when it is made and when it is changed',
    ],
  },
]
