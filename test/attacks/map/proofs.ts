import type { Attack } from './attack.ts'

/** Attacks on what proves who somebody is, each with the tests that hold it. */
export const attacks: readonly Attack[] = [
  {
    id: 'stale-proofs',
    kind: 'Something proved before a reset, a sign-out everywhere, a block or a new address is kept, and used after it.',
    tests: [
      'test/attacks/stale-proofs.test.ts › $name is worth nothing after $event',
      'test/attacks/stale-proofs.test.ts › $name ends with a sign-out',
      'test/attacks/stale-proofs.test.ts › $name works while nothing has happened',
    ],
  },
  {
    id: 'grants-made-meanwhile',
    kind: 'A grant is dated after the checks that it rests on, and outlives a sign-out that happened between them.',
    reference: 'CWE-367',
    tests: [
      'test/attacks/derived-while-ended.test.ts › and is worth nothing where, while it is made, the agent %s',
      'test/attacks/derived-while-ended.test.ts › a grant that a session gives while its person is signed out everywhere is worth nothing',
      'test/attacks/derived-while-ended.test.ts › a token that a service trades while the service is signed out is worth nothing',
    ],
  },
  {
    id: 'one-time-codes',
    kind: "A stranger who knows an address ends its owner's codes and links by wrong tries or new requests, or uses up the mails.",
    tests: [
      'test/attacks/one-time-codes.test.ts › $name goes on working when strangers ask for their own',
      'test/attacks/one-time-codes.test.ts › strangers do not use up the mails of a known device: $name',
      'test/attacks/one-time-codes.test.ts › strangers together have a budget: $name',
      'test/attacks/one-time-codes.test.ts › wrong tries of a code',
    ],
  },
  {
    id: 'address-takeover',
    kind: 'An operator takes over a customer by giving the account an address that the operator reads.',
    tests: [
      'test/attacks/address-takeover.test.ts › a %s cannot change an address',
      'test/attacks/address-takeover.test.ts › an address changed by %s',
      'test/attacks/address-takeover.test.ts › a password that came with the address, in one line of an import, goes with it when the change is undone',
      'test/attacks/address-takeover.test.ts › after the owner has undone a change, no link to an address in between takes the account back',
      'test/customers/email-changes.test.ts › a change can be undone for a week',
    ],
  },
  {
    id: 'address-unproved',
    kind: 'A customer has the shop store an address of somebody else, and the next import calls it confirmed because the one before was.',
    tests: [
      'test/customers/import.test.ts › takes the proof of one address for no other: a new one is unconfirmed unless the line says so',
    ],
  },
]
