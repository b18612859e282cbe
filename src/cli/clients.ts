import { text } from 'node:stream/consumers'
import { WHAT_DISABLING_DOES } from '../clients/disabling.ts'
import type { ListedClient } from '../clients/registry.ts'
import { messageOf } from '../thrown.ts'
import type { ActionRequest } from './command/action.ts'
import { type AdminClient, AdminError } from './command/admin-client.ts'
import { printJson, printTable } from './command/print.ts'
import { fromInput } from './command/standard-input.ts'
import { subcommands } from './command/subcommands.ts'

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
          isEnabled ? 'enabled' : 'disabled',
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
    create: {
      takes: 'FILE',
      does: 'create or replace a client from its metadata (RFC 7591, JSON); "-" reads standard input',
      flags: { 'secret-stdin': "read the client's secret from standard input" },
      example: 'create client.json --secret-stdin < secret.txt',
      async run({ admin, subjects: [file = ''], flags, isJson }) {
        const hasSecret = flags.has('secret-stdin')
        const secret = hasSecret ? await fromInput() : undefined
        const stored = await store(admin, await readMetadata(file, hasSecret), secret)
        if (isJson) printJson(stored)
        else console.log('the client is stored')
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

/** A client that is there gets other metadata, and with a secret that one in place of its "default". */
async function store(admin: AdminClient, metadata: unknown, secret: string | undefined): Promise<unknown> {
  try {
    return await admin.call('POST', '/v1/clients', { metadata, secret })
  } catch (error) {
    if (!(error instanceof AdminError && error.code === 'client-exists')) throw error
    // The server accepted it as an object.
    const id = String((metadata as { client_id?: unknown }).client_id)
    return admin.change('PUT', clientPath(id), { metadata, secret })
  }
}

async function setEnabled({ admin, subjects: [id = ''], isJson }: ActionRequest, action: string): Promise<void> {
  const outcome = await admin.call('POST', `${clientPath(id)}/${action}`, {})
  if (isJson) printJson(outcome)
  else console.log(`${id} is ${action}d`)
}

async function readMetadata(file: string, isStandardInputTaken: boolean): Promise<unknown> {
  if (file === '-' && isStandardInputTaken)
    throw new AdminError(
      'Standard input can contain the metadata or the secret, not both. Put the metadata into a file.',
    )
  try {
    const { readFile } = await import('node:fs/promises')
    return JSON.parse(file === '-' ? await text(process.stdin) : await readFile(file, 'utf8'))
  } catch (error) {
    throw new AdminError(`${file} has no valid client metadata: ${messageOf(error)}`)
  }
}

function clientPath(clientId: string): string {
  return `/v1/clients/${encodeURIComponent(clientId)}`
}

function secretsPath(clientId: string): string {
  return `${clientPath(clientId)}/secrets`
}
