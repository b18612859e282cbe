import type { Attack } from './attack.ts'

/** What is remembered for too long, so that something that was taken away still works, each with the tests that hold it. */
export const attacks: readonly Attack[] = [
  {
    id: 'stale-permissions',
    kind: 'Permissions, roles or a status that were taken away are still said at introspection or userinfo.',
    tests: [
      'test/endpoints/permissions-of-now.test.ts › $name: said at once by the node that made it, and by the other once it is told',
      'test/endpoints/permissions-of-now.test.ts › a node that is told nothing of $name says it when two seconds have passed',
      'test/endpoints/permissions-of-now.test.ts › what the shop changes of $name is said when two seconds have passed',
    ],
  },
]
