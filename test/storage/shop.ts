import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import { requestTokens, type Tokens, tokensOf } from '../endpoints/client.ts'
import { postJson } from '../support/http.ts'
import type { TestSettings } from '../support/server.ts'

type Addresses = { readonly url: string; readonly adminUrl: string }

/** The token that tests use the admin API with. */
export const ADMIN: TestSettings & { ADMIN_TOKEN: string } = { ADMIN_TOKEN: 'test-admin-token-0123456789abcdef' }

const authorization = { authorization: `Bearer ${ADMIN.ADMIN_TOKEN}` }

/** Registers a public first-party client that may use passwords and refresh tokens, with `metadata` on top. */
export async function addClient({ adminUrl }: Addresses, metadata: Record<string, unknown> = {}): Promise<string> {
  const clientId = `client-${randomUUID()}`
  const all = {
    client_id: clientId,
    token_endpoint_auth_method: 'none',
    first_party: true,
    grant_types: ['password', 'refresh_token'],
    default_scope: 'customer company',
    ...metadata,
  }
  await expectOk(await postJson(`${adminUrl}/v1/clients`, { metadata: all }, authorization))
  return clientId
}

/** Signs out everything that was granted to `subject` before now: one write. */
export async function signOut({ adminUrl }: Addresses, subject: Record<string, string>): Promise<void> {
  await expectOk(await postJson(`${adminUrl}/v1/sign-outs`, subject, authorization))
}

/** Signs Sonia in through `clientId`. */
export const signInBy = ({ url }: Addresses, clientId: string, fields = {}, headers = {}): Promise<Tokens> =>
  tokensOf(url, { client_id: clientId, ...fields }, headers)

export const trySignIn = ({ url }: Addresses, clientId: string) => requestTokens(url, { client_id: clientId })

/** The refresh counters by outcome, as Prometheus would read them. */
export async function refreshCounts({ adminUrl }: Addresses): Promise<Record<string, number>> {
  const text = await (await fetch(`${adminUrl}/metrics`, { headers: authorization })).text()
  const lines = [...text.matchAll(/^vestibule_refresh_total\{outcome="(\w+)"\} (\d+)/gm)]
  return Object.fromEntries(lines.map(([, outcome, count]) => [outcome, Number(count)]))
}

export type DpopKey = { readonly privateKey: KeyObject; readonly publicKey: KeyObject }

export function dpopKey(): DpopKey {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

/** A fresh proof that the holder of `key` sends this POST (RFC 9449 §4.2). */
export function dpopProof({ privateKey, publicKey }: DpopKey, htu: string): { DPoP: string } {
  const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: publicKey.export({ format: 'jwk' }) }
  const payload = { jti: randomUUID(), htm: 'POST', htu, iat: Math.floor(Date.now() / 1000) }
  const input = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return { DPoP: `${input}.${signature.toString('base64url')}` }
}

async function expectOk(response: Response): Promise<void> {
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${await response.text()}`)
}
