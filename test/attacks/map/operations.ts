type Attack = { readonly id: string; readonly kind: string; readonly tests: readonly string[] }

/** Attacks on storage, start, the admin listener and what proxies say, each with the tests that hold it. */
export const OPERATIONS_ATTACKS: readonly Attack[] = [
  {
    id: 'audit-text',
    kind: 'Text that the database changes or refuses makes the audit chain unverifiable or stops it.',
    tests: [
      'test/attacks/unstorable-text.test.ts › whatever text an event carries, it is written and the chain stays whole',
      'test/attacks/unstorable-text.test.ts › every break of the chain is told: by the API, the command line and the console',
    ],
  },
  {
    id: 'unstorable-text',
    kind: 'A NUL character, half of a surrogate pair or very deep nesting in a request makes a 500 or a row that differs.',
    tests: [
      'test/attacks/unstorable-text.test.ts › every body of the admin API',
      'test/attacks/unstorable-text.test.ts › every path parameter of the admin API',
      'test/attacks/unstorable-text.test.ts › one line of an import',
    ],
  },
]
