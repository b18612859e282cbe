import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { WHAT_DISABLING_DOES } from '../clients/disabling.ts'
import type { ListedClient } from '../clients/registry.ts'
import { messageOf } from '../thrown.ts'
import { type AdminClient, AdminError, createAdminClient } from './command/admin-client.ts'
import type { Command } from './command/command.ts'
import { printJson, printTable } from './command/print.ts'

const HELP = `Usage: vestibule clients ACTION [--json]

  list                            every client
  show ID                         one client
  create FILE                     create or replace a client from its metadata (RFC 7591, JSON); "-" reads standard input
      --secret-stdin              read the client's secret from standard input
  delete ID                       remove a client and end everything that was granted to it
  enable ID | disable ID          switch a client on or off
  secrets list ID                 names and expiries
  secrets add ID NAME             make another secret; it is shown once
      --expires-at TIME           ISO 8601, for example 2027-01-31T00:00:00Z
  secrets expire ID NAME          let a secret end now, or at --expires-at

${WHAT_DISABLING_DOES}

Example: npx vestibule clients secrets add third-party-app autumn`

/** Who may ask for tokens. */
export const clients: Command = {
  name: 'clients',
  summary: 'create clients and rotate their secrets',
  help: HELP,
  async run(args, environment) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        'secret-stdin': { type: 'boolean', default: false },
        'expires-at': { type: 'string' },
      },
    })
    const isSecrets = positionals[0] === 'secrets'
    const action = isSecrets ? positionals.slice(0, 2).join(' ') : (positionals[0] ?? '')
    const subjects = positionals.slice(isSecrets ? 2 : 1)
    const act = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined
    if (!act || subjects.length < act.needs) {
      console.error(HELP)
      return 2
    }
    await act.run({
      admin: createAdminClient(environment),
      subjects,
      isJson: values.json,
      hasSecret: values['secret-stdin'],
      expiresAt: values['expires-at'],
    })
    return 0
  },
}

type Request = {
  admin: AdminClient
  subjects: string[]
  isJson: boolean
  hasSecret: boolean
  expiresAt: string | undefined
}

const ACTIONS: Readonly<Record<string, { needs: number; run(request: Request): Promise<void> }>> = {
  list: {
    needs: 0,
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
  create: {
    needs: 1,
    async run({ admin, subjects: [file = ''], isJson, hasSecret }) {
      const secret = hasSecret ? (await text(process.stdin)).trim() : undefined
      const metadata = await readMetadata(file, hasSecret)
      const stored = await store(admin, metadata, secret)
      if (isJson) printJson(stored)
      else console.log('the client is stored')
    },
  },
  show: {
    needs: 1,
    async run({ admin, subjects: [id = ''] }) {
      printJson(await admin.call('GET', `/v1/clients/${encodeURIComponent(id)}`))
    },
  },
  delete: {
    needs: 1,
    async run({ admin, subjects: [id = ''], isJson }) {
      await admin.change('DELETE', `/v1/clients/${encodeURIComponent(id)}`)
      if (isJson) printJson({ client_id: id })
      else console.log(`${id} is removed, and what was granted to it is over`)
    },
  },
  enable: { needs: 1, run: (request) => setEnabled(request, 'enable') },
  disable: { needs: 1, run: (request) => setEnabled(request, 'disable') },
  'secrets list': {
    needs: 1,
    async run({ admin, subjects: [id = ''], isJson }) {
      const secrets = await admin.list<{ name: string; expiresAt?: number }>(pathOf(id))
      if (isJson) return printJson({ secrets })
      const rows = secrets.map(({ name, expiresAt }) => [
        name,
        expiresAt ? new Date(expiresAt * 1000).toISOString() : 'never',
      ])
      printTable(['NAME', 'EXPIRES'], rows)
    },
  },
  'secrets add': {
    needs: 2,
    async run({ admin, subjects: [id = '', name = ''], isJson, expiresAt }) {
      const added = await admin.call<{ secret: string }>('POST', pathOf(id), { name, ...(expiresAt && { expiresAt }) })
      if (isJson) printJson(added)
      else console.log(`${added.secret}\n\nThis is the only time it is shown.`)
    },
  },
  'secrets expire': {
    needs: 2,
    async run({ admin, subjects: [id = '', name = ''], isJson, expiresAt }) {
      const path = `${pathOf(id)}/${encodeURIComponent(name)}/expire`
      const expired = await admin.call<{ expiresAt: number }>('POST', path, expiresAt ? { at: expiresAt } : {})
      if (isJson) printJson(expired)
      else console.log(`${name} ends at ${new Date(expired.expiresAt * 1000).toISOString()}`)
    },
  },
}

/** A client that is there gets other metadata, and with a secret that one in place of its "default". */
async function store(admin: AdminClient, metadata: unknown, secret: string | undefined): Promise<unknown> {
  try {
    return await admin.call('POST', '/v1/clients', { metadata, secret })
  } catch (error) {
    if (!(error instanceof AdminError && error.code === 'client-exists')) throw error
    const id = String((metadata as { client_id?: unknown }).client_id) // the server took it for metadata
    return admin.change('PUT', `/v1/clients/${encodeURIComponent(id)}`, { metadata, secret })
  }
}

async function setEnabled({ admin, subjects: [id = ''], isJson }: Request, action: string): Promise<void> {
  const outcome = await admin.call('POST', `/v1/clients/${encodeURIComponent(id)}/${action}`, {})
  if (isJson) printJson(outcome)
  else console.log(`${id} is ${action}d`)
}

async function readMetadata(file: string, isStandardInputTaken: boolean): Promise<unknown> {
  if (file === '-' && isStandardInputTaken)
    throw new AdminError('Standard input can give the metadata or the secret, not both.')
  try {
    const { readFile } = await import('node:fs/promises')
    return JSON.parse(file === '-' ? await text(process.stdin) : await readFile(file, 'utf8'))
  } catch (error) {
    throw new AdminError(`${file} does not hold client metadata: ${messageOf(error)}`)
  }
}

function pathOf(clientId: string): string {
  return `/v1/clients/${encodeURIComponent(clientId)}/secrets`
}
