import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

type TransitKey = {
  readonly type: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  isDeletable: boolean
}
type Answer = { status: number; body?: object }

/** Vault's transit engine as its HTTP API documents it, as far as signing keys need it. */
export async function startVaultDouble(token: string) {
  const keys = new Map<string, TransitKey>()
  const server = createServer(async (request, response) => {
    const { status, body } = request.headers['x-vault-token'] === token ? await answer(request, keys) : { status: 403 }
    response.writeHead(status, { 'content-type': 'application/json' }).end(body && JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `vault:http://127.0.0.1:${(server.address() as AddressInfo).port}/transit`,
    keyNames: () => [...keys.keys()],
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function answer(request: IncomingMessage, keys: Map<string, TransitKey>): Promise<Answer> {
  const { pathname } = new URL(request.url ?? '', 'http://vault')
  const [, , mount, verb, name = '', last] = pathname.split('/')
  const input = JSON.parse((await text(request)) || '{}') as Record<string, string>
  const key = keys.get(name)
  if (mount !== 'transit') return { status: 404 }
  if (verb === 'keys' && name === '')
    return keys.size > 0 ? { status: 200, body: {} } : { status: 404, body: { errors: [] } }
  if (verb === 'keys' && request.method === 'POST' && last === undefined) {
    keys.set(name, { type: input.type ?? '', ...makeKeyPair(input.type ?? ''), isDeletable: false })
    return { status: 200, body: {} }
  }
  if (!key) return { status: 404, body: { errors: [] } }
  if (verb === 'sign' && last === 'sha2-256')
    return { status: 200, body: { data: { signature: signWith(key, input) } } }
  if (last === 'config') {
    key.isDeletable = Boolean(input.deletion_allowed)
    return { status: 204 }
  }
  if (request.method === 'DELETE') return { status: key.isDeletable && keys.delete(name) ? 204 : 400 }
  return { status: 200, body: { data: { keys: { 1: { public_key: publicText(key) } } } } }
}

function makeKeyPair(type: string): { privateKey: KeyObject; publicKey: KeyObject } {
  if (type === 'ecdsa-p256') return generateKeyPairSync('ec', { namedCurve: 'P-256' })
  if (type === 'ed25519') return generateKeyPairSync('ed25519')
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
}

function publicText({ type, publicKey }: TransitKey): string {
  if (type !== 'ed25519') return publicKey.export({ format: 'pem', type: 'spki' }).toString()
  return Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('base64')
}

function signWith({ type, privateKey: key }: TransitKey, options: Record<string, string>): string {
  const input = Buffer.from(options.input ?? '', 'base64')
  if (type === 'ed25519') return `vault:v1:${sign(null, input, key).toString('base64')}`
  if (type === 'ecdsa-p256') {
    const isJws = options.marshaling_algorithm === 'jws'
    const signature = sign('sha256', input, { key, dsaEncoding: isJws ? 'ieee-p1363' : 'der' })
    return `vault:v1:${signature.toString(isJws ? 'base64url' : 'base64')}`
  }
  const isPkcs1 = options.signature_algorithm === 'pkcs1v15'
  const padding = isPkcs1 ? constants.RSA_PKCS1_PADDING : constants.RSA_PKCS1_PSS_PADDING
  const saltLength = options.salt_length === 'hash' ? 32 : constants.RSA_PSS_SALTLEN_MAX_SIGN
  return `vault:v1:${sign('sha256', input, { key, padding, ...(!isPkcs1 && { saltLength }) }).toString('base64')}`
}
