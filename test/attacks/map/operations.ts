import type { Attack } from './attack.ts'

/** Attacks on storage, start, the admin listener and what proxies say, each with the tests that hold it. */
export const attacks: readonly Attack[] = [
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
      'test/attacks/unstorable-text.test.ts › every body of the admin API with text or nesting that cannot be kept is refused',
      'test/attacks/unstorable-text.test.ts › every path parameter of the admin API with text that cannot be kept is refused',
      'test/attacks/unstorable-text.test.ts › one line of an import with text or nesting that cannot be kept is one bad line',
    ],
  },
  {
    id: 'last-number',
    kind: 'One customer or agent with the highest number there is uses up the numbers of all who come after.',
    tests: [
      'test/attacks/last-number.test.ts › %s with the last of all numbers leaves numbers for those who come after',
    ],
  },
  {
    id: 'database-notices',
    kind: 'A role of the same Postgres that may do nothing ends every node by a notice that no node expects.',
    tests: ['test/attacks/database-notices.test.ts › does not end a node, and its own messages arrive as before: %j'],
  },
  {
    id: 'far-numbers',
    kind: 'An instant, a cursor or a number that the database cannot hold makes a 500.',
    tests: ['test/attacks/far-numbers.test.ts › a number that no row can hold makes no 500'],
  },
  {
    id: 'private-files',
    kind: 'Another user of the machine reads or writes the files of the server.',
    tests: [
      'test/process/private-files.test.ts › run by itself, src/main.ts serves; and no other user can read a file of the server, also not one of before',
      'test/process/private-files.test.ts › the files of a new database are for its owner alone, whatever makes it',
    ],
  },
  {
    id: 'weak-settings',
    kind: 'A server starts with settings that protect nothing: a misspelt NODE_ENV, demo or placeholder secrets, trusted proxies that are none.',
    tests: [
      'test/attacks/weak-settings.test.ts › NODE_ENV',
      'test/attacks/weak-settings.test.ts › in production a secret that was never chosen is refused',
      'test/attacks/weak-settings.test.ts › TRUSTED_PROXIES',
    ],
  },
  {
    id: 'admin-dns-rebinding',
    kind: 'A web page reaches the admin listener by a name of its own that points at it.',
    tests: [
      'test/attacks/admin-hosts.test.ts › a page that points a name of its own at the admin listener gets nothing from %s',
    ],
  },
  {
    id: 'console-names',
    kind: 'A link to the page of a customer named like an address of the API does something else in the name of the operator.',
    tests: [
      'test/admin/console-customers.test.ts › a page of a customer named %s asks for that customer and nothing else',
    ],
  },
  {
    id: 'admin-cross-site',
    kind: "A web page in an operator's browser sends requests to the admin API that count: sign-ins that lock administrators out, entries of the audit trail.",
    reference: 'Fetch Metadata Request Headers',
    tests: [
      'test/attacks/admin-cross-site.test.ts › a page of another site locks no administrator out and writes nothing into the audit trail: %j',
      'test/attacks/admin-cross-site.test.ts › programs, our own pages and people who follow a link are answered: %j',
    ],
  },
  {
    id: 'client-secret-guessing',
    kind: 'A client secret is short, or can be guessed without a limit.',
    tests: [
      'test/attacks/client-secrets.test.ts › a client secret of less than 16 characters is refused wherever one is given',
      'test/attacks/client-secrets.test.ts › guessing a client secret from one network ends, whatever endpoint is asked; other networks do not notice',
      'test/attacks/client-secrets.test.ts › wrong secrets from its own address do not lock a client out',
    ],
  },
  {
    id: 'lockout-realm',
    kind: 'Lifting a lock without naming a realm lifts one that guards administrators.',
    tests: [
      'test/admin/lockouts.test.ts › an address that guessed at administrators stays locked for them when support lifts it without naming a realm',
    ],
  },
  {
    id: 'key-usage-flood',
    kind: 'Invented verifiers push known ones out of the records of key usage, or grow them without bound.',
    tests: [
      'test/keys/key-usage.test.ts › a flood of invented verifiers fills neither memory nor table',
      'test/keys/key-usage.test.ts › a flood from invented addresses does not push out known verifiers, nor grow the table beyond its bound',
    ],
  },
  {
    id: 'cold-start-timing',
    kind: 'The first refusals after a start tell by their time whose password another shop hashed.',
    tests: [
      'test/customers/expected-costs.test.ts › before the first request after a start, the cost of every scheme in use is known',
      'test/credentials/constant-time-refusal.test.ts › what is expected at a start counts at once, and is not forgotten',
    ],
  },
  {
    id: 'scrypt-parameters',
    kind: 'An imported row passes the check and fails at every sign-in.',
    tests: [
      'test/credentials/password-schemes.test.ts › of scrypt are those alone that OpenSSL would refuse to compute',
    ],
  },
  {
    id: 'forwarded-address',
    kind: "One visitor has several addresses, or another visitor's, by the way a proxy spells it.",
    tests: [
      'test/http/address.test.ts › the access log and every limit know a visitor by one address, however the proxy spells it',
    ],
  },
]
