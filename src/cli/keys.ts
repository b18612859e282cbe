import type { KeyListing } from '../keys/ring/key-listing.ts'
import type { ActionRequest } from './command/action.ts'
import { duration, printJson, printTable } from './command/print.ts'
import { subcommands } from './command/subcommands.ts'

const FORCE = { force: 'even if verifiers have not fetched the key yet' }

/** Signing keys, by hand. */
export const keys = subcommands({
  name: 'keys',
  summary: 'list, rotate and revoke signing keys',
  actions: {
    list: {
      does: 'list all keys: state, age, use, verifiers that have not fetched them',
      example: 'list',
      async run({ admin, isJson }) {
        const listed = await admin.list<KeyListing>('/v1/keys')
        if (isJson) printJson({ keys: listed })
        else printKeys(listed)
      },
    },
    generate: {
      takes: '[ALGORITHM]',
      does: 'publish a new key; it signs later',
      options: { algorithm: 'ES256, RS256, PS256 or EdDSA' },
      needs: ['algorithm'],
      example: 'generate --algorithm ES256',
      run: (request) => change(request, '', { algorithm: request.values.algorithm }),
    },
    rotate: {
      takes: '[ALGORITHM]',
      does: 'start signing with the next key',
      options: { algorithm: 'for this algorithm; the default is all algorithms' },
      flags: FORCE,
      example: 'rotate --algorithm ES256',
      run: (request) => {
        const { algorithm } = request.values
        return change(request, '/rotate', { force: isForced(request), ...(algorithm && { algorithm }) })
      },
    },
    activate: {
      takes: 'KID',
      does: 'start signing with this key',
      flags: FORCE,
      example: 'activate 5Xr0cKqk2L8nQd3mVtWzYb7uEoPjHsAg1iFx9N4RCeM',
      run: (request) => changeOne(request, 'activate', { force: isForced(request) }),
    },
    retire: {
      takes: 'KID',
      does: 'stop signing with this key; its tokens stay valid',
      flags: FORCE,
      example: 'retire 5Xr0cKqk2L8nQd3mVtWzYb7uEoPjHsAg1iFx9N4RCeM',
      run: (request) => changeOne(request, 'retire', { force: isForced(request) }),
    },
    revoke: {
      takes: 'KID',
      does: 'for a compromised key: remove it at once; its tokens become invalid',
      example: 'revoke 5Xr0cKqk2L8nQd3mVtWzYb7uEoPjHsAg1iFx9N4RCeM',
      run: (request) => changeOne(request, 'revoke', {}),
    },
    'export-public': {
      does: 'print the public keys as a JWK Set',
      example: 'export-public',
      async run({ admin }) {
        printJson(await admin.call('GET', '/v1/keys/public'))
      },
    },
    reencrypt: {
      does: 'encrypt private keys and second factors again, with the first key of KEY_ENCRYPTION_KEY',
      example: 'reencrypt',
      async run({ admin, isJson }) {
        const outcome = await admin.call<{ reencrypted: number }>('POST', '/v1/keys/reencrypt', {})
        if (isJson) printJson(outcome)
        else console.log(`encrypted ${outcome.reencrypted} keys again`)
      },
    },
  },
})

type Changes = { changes: { action: string; kid: string }[] }

function isForced({ flags }: ActionRequest): boolean {
  return flags.has('force')
}

function changeOne(request: ActionRequest, action: string, body: object): Promise<void> {
  return change(request, `/${encodeURIComponent(request.subjects[0] ?? '')}/${action}`, body)
}

async function change({ admin, isJson }: ActionRequest, path: string, body: object): Promise<void> {
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
${names.size} verifiers have not fetched the next signing key. "vestibule keys list --json" lists them.`)
}
