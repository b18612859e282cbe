import { AUDIT_EVENTS, type AuditEventType, outcomeOf } from '../../audit/events.ts'

/** `docs/audit-events.md`, made from the list of events, so that the two cannot disagree. */
export function auditEventsPage(): string {
  // `Object.keys` forgets the names.
  const rows = (Object.keys(AUDIT_EVENTS) as AuditEventType[]).map(
    (type) => `| \`${type}\` | ${outcomeOf(type)} | ${AUDIT_EVENTS[type]} |`,
  )
  return [...INTRODUCTION, '| event | outcome | meaning |', '|---|---|---|', ...rows, '', ...REST].join('\n')
}

const INTRODUCTION = `# Audit events

<!-- Made by "npx vestibule audit events --markdown > docs/audit-events.md". Change src/audit/events.ts instead. -->

All audit events. The list is closed: only these events are audited.
`.split('\n')

const REST = `## An entry

| member | what it says |
|---|---|
| \`seq\` | its number in the chain, from 1, without gaps |
| \`at\` | when it happened, ISO 8601 in milliseconds |
| \`type\`, \`outcome\` | the event, as above; \`done\` or \`refused\` |
| \`actor\` | who acted, if it was not the customer: \`agent:…\`, \`admin\`, \`server\` |
| \`customerId\` | the customer it is about |
| \`clientId\`, \`grantId\` | the client and the grant |
| \`ip\`, \`requestId\` | the address and the id of the request; the id is also in the answer's \`X-Request-Id\` and in every log line |
| \`signIn\` | the sign-in that the request was a part of: a keyed digest, the same in the log and in traces ([how to follow a sign-in](how-to/observe.md#one-sign-in)) |
| \`reason\` | why or how, see the event; 300 characters at most |
| \`hash\` | SHA-256, in base64url, of the previous hash and this entry: [\`src/audit/chain.ts\`](../src/audit/chain.ts) |

Unknown members are absent. An entry never contains a password, token, code, cookie, secret or e-mail address.

Entries are written every 200 ms in batches. While the database does not answer they wait in memory, up to 20,000 for
each node; \`audit.gap\` counts those that are lost beyond that. A process killed with \`-9\` loses the entries of the last
200 ms; \`AUDIT_STREAM=log\` has them.

## Where entries go

The JSON object of an entry is the same everywhere.

- **The database**, for \`AUDIT_RETENTION_DAYS\`. It refuses to change entries. The removal of old entries is an entry too.
- **\`vestibule audit export\`**, one object a line (NDJSON), oldest first.
- **Standard output** with \`AUDIT_STREAM=stdout\`: lines \`{"audit":{…}}\` once they are in the database, each from the node that
  wrote it. With \`AUDIT_STREAM=log\` the event is in the log at once, without \`seq\` and \`hash\`.
- **A webhook**, with \`AUDIT_WEBHOOK_URL\` and \`AUDIT_WEBHOOK_SECRET\`: \`POST\` with
  \`{"id":"audit-FIRST-LAST","type":"audit.entries","entries":[…]}\`, up to 100 entries, in the order of the chain, beginning when
  the setting is first set. Headers: \`Vestibule-Event: <id>\` and
  \`Vestibule-Signature: t=<epoch seconds>,v1=<hex HMAC-SHA256 of "t.body">\`. Answer 2xx within five seconds once you have stored
  the entries. After any other answer the server tries again, after 1 s, 2 s, 4 s … up to five minutes, on any node and also
  after a restart, as long as the entries are kept. An entry may arrive twice: ignore a \`hash\` you already have.
  If a \`seq\` is missing, that entry was lost. After a backup was restored, \`seq\` continues from the end of the backup.

## Verify the chain

\`vestibule audit verify\` checks the chain. It finds entries that were changed, removed, inserted or moved, oldest entries
that were removed before their retention ended, and newest entries that were removed. A person who can write to the
database can compute a new chain; \`vestibule audit verify --against FILE\` finds that too. It compares with an earlier
export, a captured stream, or the output of \`vestibule audit head\`. Keep one of these where the database's administrators
cannot write.
`.split('\n')
