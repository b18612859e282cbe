import { parseArgs } from 'node:util'
import type { KeyListing } from '../keys/ring/key-listing.ts'
import { type AdminClient, createAdminClient } from './command/admin-client.ts'
import type { Command } from './command/command.ts'
import { duration, printJson, printTable } from './command/print.ts'

const HELP = `Usage: vestibule keys ACTION [--json]

  list                             every key: state, age, use, verifiers that have not fetched it
  generate --algorithm ALG         publish a new key (ES256, RS256, PS256, EdDSA); it signs later
  rotate [--algorithm ALG]         let the next key sign from now on; without --algorithm for all of them
  activate KID                     let this key sign from now on
  retire KID                       stop signing with this key; its tokens stay good
  revoke KID                       compromised: drop the key at once, its tokens are dead
  export-public                    the public keys as a JWK Set
  reencrypt                        encrypt private keys and second factors anew with the first of KEY_ENCRYPTION_KEY

  --force                          rotate, activate or retire although verifiers may not have fetched the key yet

Example: npx vestibule keys rotate --algorithm ES256`

/** Signing keys, by hand. */
export const keys: Command = {
  name: 'keys',
  summary: 'list, rotate and revoke signing keys',
  help: HELP,
  async run(args, environment) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        force: { type: 'boolean', default: false },
        algorithm: { type: 'string' },
      },
    })
    const [action = '', ...subjects] = positionals
    const act = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined
    // The algorithm may also stand where other actions have a kid.
    const subject = act?.takes === 'algorithm' ? (values.algorithm ?? subjects[0]) : subjects[0]
    if (!act || subjects.length > 1 || (act.isNeeded && !subject)) {
      console.error(HELP)
      return 2
    }
    await act.run({ admin: createAdminClient(environment), subject, force: values.force, isJson: values.json })
    return 0
  },
}

type Request = { admin: AdminClient; subject: string | undefined; force: boolean; isJson: boolean }
type Changes = { changes: { action: string; kid: string }[] }

type Action = { takes?: 'algorithm' | 'kid'; isNeeded?: boolean; run(request: Request): Promise<void> }

const ACTIONS: Readonly<Record<string, Action>> = {
  list: {
    async run({ admin, isJson }) {
      const listed = await admin.list<KeyListing>('/v1/keys')
      if (isJson) printJson({ keys: listed })
      else printKeys(listed)
    },
  },
  generate: {
    takes: 'algorithm',
    isNeeded: true,
    run: (request) => change(request, '', { algorithm: request.subject }),
  },
  rotate: {
    takes: 'algorithm',
    run: (request) =>
      change(request, '/rotate', { force: request.force, ...(request.subject && { algorithm: request.subject }) }),
  },
  activate: {
    takes: 'kid',
    isNeeded: true,
    run: (request) => changeOne(request, 'activate', { force: request.force }),
  },
  retire: { takes: 'kid', isNeeded: true, run: (request) => changeOne(request, 'retire', { force: request.force }) },
  revoke: { takes: 'kid', isNeeded: true, run: (request) => changeOne(request, 'revoke', {}) },
  'export-public': {
    async run({ admin }) {
      printJson(await admin.call('GET', '/v1/keys/public'))
    },
  },
  reencrypt: {
    async run({ admin, isJson }) {
      const outcome = await admin.call<{ reencrypted: number }>('POST', '/v1/keys/reencrypt', {})
      if (isJson) printJson(outcome)
      else console.log(`encrypted ${outcome.reencrypted} keys anew`)
    },
  },
}

function changeOne(request: Request, action: string, body: object): Promise<void> {
  return change(request, `/${encodeURIComponent(request.subject ?? '')}/${action}`, body)
}

async function change({ admin, isJson }: Request, path: string, body: object): Promise<void> {
  const { changes } = await admin.call<Changes>('POST', `/v1/keys${path}`, body)
  if (isJson) return printJson({ changes })
  for (const { action, kid } of changes) console.log(`${action} ${kid}`)
}

function printKeys(listed: readonly KeyListing[]): void {
  const now = Date.now() / 1000
  const ago = (at: number | undefined) => (at === undefined ? 'never' : `${duration(Math.max(0, now - at))} ago`)
  const rows = listed.map((key) => [
    key.kid,
    key.algorithm,
    key.state,
    duration(key.ageSeconds),
    ago(key.firstPublishedAt),
    ago(key.lastSignedAt),
    ago(key.lastSeenAt),
    String(key.verifiersBehind.length),
  ])
  printTable(['KID', 'ALG', 'STATE', 'AGE', 'PUBLISHED', 'LAST SIGNED', 'LAST SEEN', 'NOT FETCHED BY'], rows)
  const behind = listed.filter(({ state }) => state === 'pending').flatMap(({ verifiersBehind }) => verifiersBehind)
  const names = new Set(behind.map(({ verifier, address }) => `${verifier} ${address}`))
  if (names.size === 0) return
  console.log(`
${names.size} verifiers have not fetched a key that signs next. "vestibule keys list --json" has their names.`)
}
