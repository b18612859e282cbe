import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { importJWK, type JWTPayload, SignJWT } from 'jose'
import { decode } from '../../endpoints/client.ts'
import type { TestServer } from '../../support/server.ts'

/** A key as the server keeps it in a file. */
type KeyFile = { readonly kid: string; readonly alg: string; readonly state: string; readonly [more: string]: string }

/** Makes tokens of a good one that are wrong in one thing alone: the server's own keys sign them. */
export function createForger({ config }: TestServer, good: string) {
  const { payload } = decode(good) as { payload: JWTPayload }
  const now = Math.floor(Date.now() / 1000)

  /** With other claims and header, signed by the server's active key of the algorithm. */
  async function signed(
    claims: JWTPayload,
    header: { readonly typ?: string | undefined } = {},
    alg = 'ES256',
  ): Promise<string> {
    const key = activeKey(config.KEYS_URL, alg)
    const protectedHeader = { alg, kid: key.kid, typ: 'at+jwt', ...header } as { alg: string } // a header may lack its type
    return new SignJWT({ ...payload, ...claims }).setProtectedHeader(protectedHeader).sign(await importJWK(key, alg))
  }

  return {
    signed,
    now,
    unsigned: () => `${encode({ alg: 'none', typ: 'at+jwt' })}.${encode(payload)}.`,
    /** Any header and claims, with a signature that nobody made. */
    raw: (header: object, claims: object) => `${encode(header)}.${encode(claims)}.${encode({ none: true })}`,
    /** HS256, with what is published of the key as the secret (RFC 8725 §2.1). */
    byPublicKey() {
      const key = activeKey(config.KEYS_URL, 'ES256')
      const pem = createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
      const input = `${encode({ alg: 'HS256', typ: 'at+jwt', kid: key.kid })}.${encode(payload)}`
      return `${input}.${createHmac('sha256', pem).update(input).digest('base64url')}`
    },
    /** By a key of somebody else, under our kid or another. */
    byForeignKey(kid = activeKey(config.KEYS_URL, 'ES256').kid) {
      foreignKey ??= generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
      return new SignJWT(payload).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid }).sign(foreignKey)
    },
    changed: () => [good.split('.')[0], encode({ ...payload, sub: 'another' }), good.split('.')[2]].join('.'),
  }
}

export type Forger = ReturnType<typeof createForger>

let foreignKey: KeyObject | undefined

function activeKey(keysUrl: string, alg: string): KeyFile {
  const directory = fileURLToPath(keysUrl)
  const keys = readdirSync(directory).map((name): KeyFile => JSON.parse(readFileSync(`${directory}/${name}`, 'utf8')))
  const key = keys.find((each) => each.alg === alg && each.state === 'active')
  if (!key) throw new Error(`no active key of ${alg}`)
  return key
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
