import type { GrantTypeUse } from '../../admin/routes/use-routes.ts'
import { clientMembers } from '../../clients/client-schema.ts'
import { WHAT_DISABLING_DOES } from '../../clients/disabling.ts'
import { PRESETS } from '../../clients/presets.ts'
import type { ListedClient } from '../../clients/registry.ts'
import type { ActionRequest } from '../command/action.ts'
import { printJson, printTable } from '../command/print.ts'
import { fromInput } from '../command/standard-input.ts'
import { subcommands } from '../command/subcommands.ts'
import { clientsPage } from '../reference/clients-page.ts'
import { memberRows, printMembers } from '../reference/members.ts'
import { givenMetadata, readMetadata } from './client-files.ts'

/** Clients and their secrets. */
export const clients = subcommands({
  name: 'clients',
  summary: 'create clients and rotate their secrets',
  actions: {
    list: {
      does: 'list all clients',
      example: 'list',
      async run({ admin, isJson }) {
        const listed = await admin.list<ListedClient>('/v1/clients')
        if (isJson) return printJson({ clients: listed })
        const rows = listed.map(({ metadata, isEnabled }) => [
          metadata.client_id,
          metadata.client_name ?? '',
          `${isEnabled ? 'enabled' : 'disabled'}${metadata.self_registered ? ', registered itself' : ''}`,
          (metadata.grant_types ?? []).join(' '),
        ])
        printTable(['CLIENT', 'NAME', 'STATE', 'GRANT TYPES'], rows)
      },
    },
    show: {
      takes: 'ID',
      does: 'show one client',
      example: 'show frontend',
      async run({ admin, subjects: [id = ''] }) {
        printJson(await admin.call('GET', clientPath(id)))
      },
    },
    uses: {
      does: 'list how many tokens each client got by which grant type, by day (UTC)',
      options: { since: 'a day; the default is the last 30 days', 'grant-type': 'one grant type, such as password' },
      example: 'uses --grant-type password',
      async run({ admin, values: { since, 'grant-type': wanted }, isJson }) {
        const query = since === undefined ? '' : `?since=${encodeURIComponent(since)}`
        const all = await admin.list<GrantTypeUse>(`/v1/grant-types/uses${query}`)
        const uses = all.filter(({ grantType }) => wanted === undefined || grantType === wanted)
        if (isJson) return printJson({ uses })
        const rows = uses.map(({ day, grantType, clientId, count }) => [day, grantType, clientId, String(count)])
        printTable(['DAY', 'GRANT TYPE', 'CLIENT', 'TOKENS'], rows)
      },
    },
    create: {
      takes: 'FILE',
      does: 'register a client from its metadata (JSON; "-" is standard input); with --preset FILE is its id',
      options: {
        preset: `${PRESETS.join(', ')}: see docs/clients.md`,
        'redirect-uri': 'where people return; several are separated by commas',
      },
      flags: {
        'third-party': 'of a preset: the client is not your own, and people are asked for consent',
        'secret-stdin': "read the client's secret from standard input; without it one is made",
      },
      example: 'create my-shop --preset web --redirect-uri https://shop.example/callback',
      async run(request) {
        const { admin, flags, isJson } = request
        const metadata = await givenMetadata(request)
        const secret = flags.has('secret-stdin') ? await fromInput() : undefined
        const made = await admin.call<Stored & { secret?: string }>('POST', '/v1/clients', { metadata, secret })
        if (isJson) return printJson(made)
        tell(made, 'registered')
        if (made.secret !== undefined) console.log(`${made.secret}\n\nIts secret. Save it now: it is not shown again.`)
      },
    },
    update: {
      takes: 'ID FILE',
      does: 'replace the metadata of a client; "-" reads standard input',
      flags: { 'secret-stdin': 'read a secret in place of its "default" from standard input' },
      example: 'update my-shop my-shop.json',
      async run({ admin, subjects: [id = '', file = ''], flags, isJson }) {
        const metadata = await readMetadata(file, flags.has('secret-stdin'))
        const secret = flags.has('secret-stdin') ? await fromInput() : undefined
        const stored = await admin.change<Stored>('PUT', clientPath(id), { metadata, secret })
        if (isJson) printJson(stored)
        else tell(stored, 'changed')
      },
    },
    members: {
      does: 'list every member of a client, and what it means',
      flags: { markdown: 'print the reference page instead' },
      example: 'members',
      async run({ flags, isJson }) {
        if (flags.has('markdown')) return void process.stdout.write(clientsPage())
        printMembers(memberRows(clientMembers), isJson)
      },
    },
    delete: {
      takes: 'ID',
      does: 'remove a client and revoke all of its tokens',
      example: 'delete third-party-app',
      async run({ admin, subjects: [id = ''], isJson }) {
        await admin.change('DELETE', clientPath(id))
        if (isJson) printJson({ client_id: id })
        else console.log(`${id} is removed, and its tokens are revoked`)
      },
    },
    enable: {
      takes: 'ID',
      does: 'let a disabled client get tokens again',
      example: 'enable third-party-app',
      run: (request) => setEnabled(request, 'enable'),
    },
    disable: {
      takes: 'ID',
      does: WHAT_DISABLING_DOES,
      example: 'disable third-party-app',
      run: (request) => setEnabled(request, 'disable'),
    },
    'secrets list': {
      takes: 'ID',
      does: 'list names and expiry times',
      example: 'secrets list third-party-app',
      async run({ admin, subjects: [id = ''], isJson }) {
        const secrets = await admin.list<{ name: string; expiresAt?: number }>(secretsPath(id))
        if (isJson) return printJson({ secrets })
        const rows = secrets.map(({ name, expiresAt }) => [
          name,
          expiresAt ? new Date(expiresAt * 1000).toISOString() : 'never',
        ])
        printTable(['NAME', 'EXPIRES'], rows)
      },
    },
    'secrets add': {
      takes: 'ID NAME',
      does: 'add a secret; it is shown once',
      options: { 'expires-at': 'ISO 8601, for example 2027-01-31T00:00:00Z' },
      example: 'secrets add third-party-app autumn',
      async run({ admin, subjects: [id = '', name = ''], values, isJson }) {
        const expiresAt = values['expires-at']
        const body = { name, ...(expiresAt && { expiresAt }) }
        const added = await admin.call<{ secret: string }>('POST', secretsPath(id), body)
        if (isJson) printJson(added)
        else console.log(`${added.secret}\n\nSave it now: it is not shown again.`)
      },
    },
    'secrets expire': {
      takes: 'ID NAME',
      does: 'make a secret expire now, or at --expires-at',
      options: { 'expires-at': 'ISO 8601, for example 2027-01-31T00:00:00Z' },
      example: 'secrets expire third-party-app spring',
      async run({ admin, subjects: [id = '', name = ''], values, isJson }) {
        const at = values['expires-at']
        const path = `${secretsPath(id)}/${encodeURIComponent(name)}/expire`
        const expired = await admin.call<{ expiresAt: number }>('POST', path, { ...(at && { at }) })
        if (isJson) printJson(expired)
        else console.log(`${name} expires at ${new Date(expired.expiresAt * 1000).toISOString()}`)
      },
    },
  },
})

type Stored = ListedClient & { readonly warnings?: readonly string[] }

function tell({ metadata, warnings = [] }: Stored, what: string): void {
  console.log(`${metadata.client_id} is ${what}`)
  for (const warning of warnings) console.error(`warning: ${warning}`)
}

async function setEnabled({ admin, subjects: [id = ''], isJson }: ActionRequest, action: string): Promise<void> {
  const outcome = await admin.call('POST', `${clientPath(id)}/${action}`, {})
  if (isJson) printJson(outcome)
  else console.log(`${id} is ${action}d`)
}

function clientPath(clientId: string): string {
  return `/v1/clients/${encodeURIComponent(clientId)}`
}

function secretsPath(clientId: string): string {
  return `${clientPath(clientId)}/secrets`
}
