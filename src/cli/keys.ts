import { parseArgs } from 'node:util'
import type { KeyListing } from '../keys/key-listing.ts'
import { type AdminClient, createAdminClient } from './admin-client.ts'
import type { Command } from './command.ts'
import { duration, printJson, printTable } from './print.ts'

const HELP = `Usage: vestibule keys ACTION [--json]

  list                       every key: state, age, use, verifiers that have not fetched it
  generate ALGORITHM         publish a new key (ES256, RS256, PS256, EdDSA); it signs later
  rotate [ALGORITHM]         let the pending key sign from now on
  activate KID               let this key sign from now on
  retire KID                 stop signing with this key; its tokens stay good
  revoke KID                 compromised: drop the key at once, its tokens are dead
  export-public              the public keys as a JWK Set
  reencrypt                  encrypt the private keys anew with the first of KEY_ENCRYPTION_KEY

  --force                    rotate, activate or retire although verifiers may not be ready

Example: npx vestibule keys rotate ES256`

/** Signing keys, by hand. */
export const keys: Command = {
  name: 'keys',
  summary: 'list, rotate and revoke signing keys',
  help: HELP,
  async run(args, environment) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: 'boolean' }, force: { type: 'boolean', default: false } },
    })
    const [action, subject] = positionals
    const act = action === undefined ? undefined : ACTIONS[action]
    if (!act || (['generate', 'activate', 'retire', 'revoke'].includes(action ?? '') && !subject)) {
      console.error(HELP)
      return 2
    }
    await act({ admin: createAdminClient(environment), subject, force: values.force, isJson: values.json === true })
    return 0
  },
}

type Request = { admin: AdminClient; subject: string | undefined; force: boolean; isJson: boolean }
type Changes = { changes: { action: string; kid: string }[] }

const ACTIONS: Readonly<Record<string, (request: Request) => Promise<void>>> = {
  async list({ admin, isJson }) {
    const listed = await admin.call<{ keys: KeyListing[] }>('GET', '/v1/keys')
    if (isJson) printJson(listed)
    else printKeys(listed.keys)
  },
  generate: (request) => change(request, '/v1/keys', { algorithm: request.subject }),
  rotate: (request) =>
    change(request, '/v1/keys/rotate', {
      force: request.force,
      ...(request.subject && { algorithm: request.subject }),
    }),
  activate: (request) => change(request, `/v1/keys/${request.subject}/activate`, { force: request.force }),
  retire: (request) => change(request, `/v1/keys/${request.subject}/retire`, { force: request.force }),
  revoke: (request) => change(request, `/v1/keys/${request.subject}/revoke`, {}),
  async 'export-public'({ admin }) {
    printJson(await admin.call('GET', '/v1/keys/public'))
  },
  async reencrypt({ admin, isJson }) {
    const outcome = await admin.call<{ reencrypted: number }>('POST', '/v1/keys/reencrypt', {})
    if (isJson) printJson(outcome)
    else console.log(`encrypted ${outcome.reencrypted} keys anew`)
  },
}

async function change({ admin, isJson }: Request, path: string, body: object): Promise<void> {
  const { changes } = await admin.call<Changes>('POST', path, body)
  if (isJson) return printJson({ changes })
  for (const { action, kid } of changes) console.log(`${action} ${kid}`)
}

function printKeys(listed: readonly KeyListing[]): void {
  const now = Date.now() / 1000
  const ago = (at: number | undefined) => (at === undefined ? 'never' : `${duration(now - at)} ago`)
  const rows = listed.map((key) => [
    key.kid,
    key.algorithm,
    key.state,
    duration(key.ageSeconds),
    ago(key.lastSignedAt),
    ago(key.lastSeenAt),
    String(key.verifiersBehind.length),
  ])
  printTable(['KID', 'ALG', 'STATE', 'AGE', 'LAST SIGNED', 'LAST SEEN', 'VERIFIERS BEHIND'], rows)
}
