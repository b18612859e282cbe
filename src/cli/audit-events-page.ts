import { AUDIT_EVENTS, type AuditEventType, outcomeOf } from '../audit/events.ts'

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

Every event there is. The list is closed: what is not here is not audited.
`.split('\n')

const REST = `## An entry

| member | what it says |
|---|---|
| \`seq\` | its place in the chain, from 1, without gaps |
| \`at\` | when, ISO 8601 in milliseconds |
| \`type\`, \`outcome\` | the event, as above; \`done\` or \`refused\` |
| \`actor\` | who acted, where it was not the customer: \`agent:…\`, \`admin\`, \`server\` |
| \`customerId\` | whom it is about |
| \`clientId\`, \`grantId\` | through which client, and under which grant |
| \`ip\`, \`requestId\` | from which address, and in which request: the id is in the answer's \`X-Request-Id\` and in every log line |
| \`reason\` | why, or how, as the event says; 300 characters at most |
| \`hash\` | SHA-256, in base64url, of the hash before and this entry: [\`src/audit/chain.ts\`](../src/audit/chain.ts) |

What is unknown is absent. No password, token, code, cookie or secret is ever part of an entry, and no e-mail address.

Entries are written every 200 ms in batches. While the database is away they wait in memory, up to 20,000 for each node;
what is lost beyond that, \`audit.gap\` counts. A process killed with \`-9\` loses the last 200 ms; \`AUDIT_STREAM=log\` has them.

## Where entries go

The same JSON object everywhere.

- **The database**, for \`AUDIT_RETENTION_DAYS\`. It refuses changes of entries. Removing older ones is itself an entry.
- **\`vestibule audit export\`**, one object a line (NDJSON), oldest first.
- **Standard output** with \`AUDIT_STREAM=stdout\`: lines \`{"audit":{…}}\` once they are in the database, each from the node that
  wrote it. With \`AUDIT_STREAM=log\` the event is in the log at once, without place and hash.
- **A webhook**, with \`AUDIT_WEBHOOK_URL\` and \`AUDIT_WEBHOOK_SECRET\`: \`POST\` with
  \`{"id":"audit-FIRST-LAST","type":"audit.entries","entries":[…]}\`, up to 100 entries, in the order of the chain, from the moment
  the setting is first there. Headers: \`Vestibule-Event: <id>\` and
  \`Vestibule-Signature: t=<epoch seconds>,v1=<hex HMAC-SHA256 of "t.body">\`. Answer 2xx within five seconds once the entries are
  safe. Everything else is tried again, after 1 s, 2 s, 4 s … up to five minutes, on any node, after a restart too, for as
  long as the entries are kept. An entry may come twice: ignore a \`hash\` you have.
  A \`seq\` that is missing was lost. After a backup was restored, \`seq\` begins again where the backup ends.

## Is it whole?

\`vestibule audit verify\` follows the chain: a changed, removed, inserted or moved entry, a beginning that no retention removed,
and an end that was cut off are found. Whoever can write to the database can compute the whole chain anew. What they cannot
do is change what left it: \`vestibule audit verify --against FILE\` compares with an earlier export, a captured stream, or a head
that \`vestibule audit head\` printed. Keep one of them where the database's administrators cannot write.
`.split('\n')
