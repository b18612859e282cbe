import { readFileSync } from 'node:fs'
import type { AuditEntry, Link } from '../audit/chain.ts'
import { AUDIT_EVENTS } from '../audit/events.ts'
import { describeProblem } from '../audit/trail-problem.ts'
import type { Verdict } from '../audit/verify.ts'
import { plain } from '../plain-text.ts'
import { AdminError } from './command/admin-client.ts'
import { printJson, printTable } from './command/print.ts'
import { subcommands } from './command/subcommands.ts'
import { auditEventsPage } from './reference/audit-events-page.ts'

/** Reads the audit trail and verifies its hash chain. */
export const audit = subcommands({
  name: 'audit',
  summary: 'read and verify the audit trail',
  actions: {
    list: {
      does: 'list entries, the newest first',
      options: {
        type: 'only events of this type, for example login.refused',
        customer: 'only events about this customer: id, reference or e-mail address',
        client: 'only events of this client',
        actor: 'only acts of this actor, for example an administrator by e-mail address',
        address: 'only events from this IP address',
        request: 'only events of the request with this id',
        'sign-in': 'only events of this sign-in, by its digest: "signIn" in the log and in entries',
        since: 'ISO 8601',
        limit: 'how many; the default is 100',
      },
      example: 'list --customer ron@swanson.com',
      async run({
        admin,
        values: { client: clientId, address: ip, request: requestId, 'sign-in': signIn, ...values },
        isJson,
      }) {
        const path = `/v1/audit${queryOf({ ...values, clientId, ip, requestId, signIn })}`
        const { items: entries, next } = await admin.call<{ items: ListedEntry[]; next?: string }>('GET', path)
        if (isJson) printJson({ entries, ...(next && { next }) })
        else printEntries(entries)
      },
    },
    export: {
      does: 'export every entry, oldest first, one JSON object per line',
      example: 'export > trail.ndjson',
      async run({ admin }) {
        for await (const line of admin.lines('GET', '/v1/audit/export')) console.log(plain(line))
      },
    },
    verify: {
      does: 'check the hash chain for changed or removed entries',
      options: {
        against: 'compare with a file: an export, a captured stream, or the output of "audit head"',
      },
      example: 'verify --against trail.ndjson',
      async run({ admin, values: { against }, isJson }) {
        const witness = against === undefined ? undefined : lastLinkOf(against)
        const query = queryOf({ seq: witness?.seq.toString(), hash: witness?.hash })
        return report(await admin.call<Verdict>('GET', `/v1/audit/verify${query}`), isJson)
      },
    },
    head: {
      does: 'print the end of the chain; keep it elsewhere, for "verify --against"',
      example: 'head > head.json',
      async run({ admin }) {
        console.log(JSON.stringify(await admin.call<Link>('GET', '/v1/audit/head')))
      },
    },
    events: {
      does: 'list every type of event',
      flags: { markdown: 'the reference page' },
      example: 'events --markdown',
      async run({ flags, isJson }) {
        if (flags.has('markdown')) process.stdout.write(auditEventsPage())
        else if (isJson) printJson(AUDIT_EVENTS)
        else printTable(['EVENT', 'MEANING'], Object.entries(AUDIT_EVENTS))
      },
    },
  },
})

function queryOf(members: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(members).filter((member): member is [string, string] => member[1] !== undefined)
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`
}

/** The newest link in a file of JSON lines; log lines and others that hold none are passed over. */
function lastLinkOf(path: string): Link {
  const links = readFileSync(path, 'utf8').split('\n').flatMap(linkIn)
  const newest = links.reduce<Link | undefined>((last, link) => (last && last.seq > link.seq ? last : link), undefined)
  if (newest) return { seq: newest.seq, hash: newest.hash }
  throw new AdminError(`${path} has no audit entry. Give an export, a captured stream, or the output of "audit head".`)
}

function linkIn(line: string): Link[] {
  if (!line.startsWith('{')) return []
  try {
    // A file of any origin: each member is looked at below.
    const parsed = JSON.parse(line) as Partial<Link> & { audit?: Partial<Link> }
    const { seq, hash } = parsed.audit ?? parsed
    return typeof seq === 'number' && typeof hash === 'string' ? [{ seq, hash }] : []
  } catch {
    return []
  }
}

/** An entry, and how people call its actor. */
type ListedEntry = AuditEntry & { readonly actorName?: string }

function printEntries(entries: readonly ListedEntry[]): void {
  const rows = entries.map(({ at, type, actor, actorName, customerId, clientId, ip, reason }) => [
    at,
    type,
    [actorName, actor].filter(Boolean).join(' '),
    customerId ?? '',
    clientId ?? '',
    ip ?? '',
    reason ?? '',
  ])
  printTable(['AT', 'EVENT', 'ACTOR', 'CUSTOMER', 'CLIENT', 'ADDRESS', 'REASON'], rows)
}

function report(verdict: Verdict, isJson: boolean): number {
  const { entries, problems = [], moreProblems } = verdict
  if (isJson) printJson(verdict)
  else if (problems.length === 0) console.log(`the chain is intact: ${entries} entries`)
  else {
    for (const problem of problems) console.error(describeProblem(problem))
    if (moreProblems) console.error(`and ${moreProblems} more`)
  }
  return problems.length === 0 ? 0 : 1
}
