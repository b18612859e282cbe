import type { Attack } from './attack.ts'

/** Attacks on what is kept about tokens that ended. */
export const attacks: readonly Attack[] = [
  {
    id: 'token-records',
    kind: 'The record of tokens gives somebody a token, or tells of tokens to somebody who may not know.',
    tests: [
      'test/attacks/token-records.test.ts › tokens on record are not shown',
      'test/attacks/token-records.test.ts › every look-up is audited, with the customer whose tokens were looked up',
      'test/storage/at-rest.test.ts › no bearer value is in its rows, and all of them are gone when their time is over',
      'test/token-history/whose-tokens.test.ts › a customer’s data have their tokens on record; once erased, ids are left and nothing that names a person',
    ],
  },
  {
    id: 'token-record-searches',
    kind: 'A search of tokens on record with missing, doubled, oversized or unstorable members breaks the server, or keeps the audit trail and the history from being written.',
    tests: [
      'test/attacks/token-records.test.ts › a search for %s is refused, and is no look-up',
      'test/attacks/token-records.test.ts › an id that no index takes, at %s, is refused and keeps nothing else from being written',
      'test/admin/audit.test.ts › an entry with a text that no index takes keeps no other from being written',
      'test/token-history/kept-days.test.ts › take a text and a number that the database would refuse, in a form that it keeps',
      'test/attacks/token-records.test.ts › a cursor that this server did not give (%s) is the first page, or refused',
    ],
  },
]
