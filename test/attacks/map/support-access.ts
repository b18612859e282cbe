import type { Attack } from './attack.ts'

/** Attacks by agents who act for customers, and with their tokens. */
export const attacks: readonly Attack[] = [
  {
    id: 'support-access-unrecorded',
    kind: 'An agent acts for a customer without a record, a reason, or the permission that the shop asks for.',
    tests: [
      'test/attacks/support-access.test.ts › a request %s is refused with a clear error, and leaves no access',
      'test/attacks/support-access.test.ts › of many requests at once, each access has one row of its own',
      'test/attacks/support-access.test.ts › Spryker’s endpoint without the reason that is required refuses in its own words, and with it does not',
      'test/support-access/customer.test.ts › an agent acts only for customers who allow it, and no longer than they do',
    ],
  },
  {
    id: 'support-access-beyond',
    kind: 'An agent gets more than an access allows: longer, with other scopes, without being named, or for acts that are the customer’s alone.',
    tests: [
      'test/support-access/begin.test.ts › access and refresh token end when the time is over, and so does what is refreshed',
      'test/support-access/begin.test.ts › the sensitive scope in "%s" is refused when asked for',
      'test/support-access/begin.test.ts › a scope outside of the ceiling is left out, also of what comes of it',
      'test/support-access/acted-for.test.ts › names the agent, also at introspection, ends with the time box, and with the access',
      'test/support-access/acted-for.test.ts › %s is refused to an agent who acts for them',
      'test/support-access/customer.test.ts › %s can neither see nor change anything',
      'test/attacks/support-access.test.ts › %s begins no support access',
      'test/attacks/support-access.test.ts › nobody acts on with what is refreshed or derived once the time is over for the agent',
    ],
  },
  {
    id: 'support-access-alone',
    kind: 'An agent approves their own request, or uses an approval for something else or twice.',
    tests: [
      'test/support-access/approval.test.ts › the agent cannot approve their own request, by whatever account with their address',
      'test/support-access/approval.test.ts › %s is no second person',
      'test/support-access/approval.test.ts › what was approved is not good for %s',
      'test/support-access/approval.test.ts › of many requests at once, one gets what was approved',
    ],
  },
  {
    id: 'support-access-after-off',
    kind: 'An access goes on, or begins, after it was ended or support access was switched off.',
    tests: [
      'test/support-access/switch.test.ts › off ends all that are open with all that came of them, and refuses new ones until it is on again',
      'test/support-access/switch.test.ts › an access that begins while it is switched off ends up without a token that works',
    ],
  },
]
