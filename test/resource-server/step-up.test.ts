import { afterAll, beforeAll, expect, test } from 'vitest'
import { createResourceServer, requireScope, requireSignIn } from '../../packages/resource-server/src/index.ts'
import { ask, OWNER } from '../admin/administrators.ts'
import { authorizationUrl, obtainCode, pkce, read, redeem, signIn, sonia, submit } from '../endpoints/client.ts'
import { later } from '../support/clock.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const RESOURCE = 'https://shop.example/ucp'
const CALLBACK = 'https://platform.example/callback'
const SCOPES = ['dev.ucp.shopping.checkout:manage', 'dev.ucp.shopping.order:read']
const CLIENT = { client_id: 'platform', redirect_uri: CALLBACK }

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
  await create('resource-servers', { identifier: RESOURCE, format: 'jwt', scopes: SCOPES })
  await create('clients', {
    metadata: {
      client_id: 'platform',
      token_endpoint_auth_method: 'none',
      security_profile: 'agent-platform',
      access_token_format: 'jwt',
      redirect_uris: [CALLBACK],
      default_resource: RESOURCE,
      resource_scopes: SCOPES,
    },
  })
})
afterAll(() => server?.stop())

async function create(what: string, body: object): Promise<void> {
  const made = await ask(server, OWNER, 'POST', `/v1/${what}`, body)
  if (made.status !== 201) throw new Error(JSON.stringify(made.body))
}

/** A checkout that wants a sign-in of the last five minutes. */
async function checkOut(token: string, headers: Record<string, string> = {}) {
  const service = createResourceServer({ issuer: server.url, audience: RESOURCE, resource: RESOURCE, onEvent() {} })
  const rules = [requireScope(...SCOPES), requireSignIn({ maxAgeSeconds: 300 })]
  const request = new Request(RESOURCE, {
    method: 'GET',
    headers: { authorization: `Bearer ${token}`, ...headers },
  })
  const admission = await service.admit(request, { rules })
  service.close()
  if (admission.isAdmitted) return { status: 200, challenge: new Map<string, string>() }
  const { status, headers: answered } = admission.answer
  const challenge = new Map(
    [...(answered['WWW-Authenticate'] ?? '').matchAll(/(\w+)="([^"]*)"/g)].map(
      ([, name = '', value = '']) => [name, value] as const,
    ),
  )
  return { status, challenge }
}

const tokenOf = async (code: string, verifier: string) =>
  (await read(redeem(server.url, code, verifier, CLIENT))).body.access_token as string

test.each([
  [
    'an agent of the Universal Commerce Protocol',
    { 'ucp-agent': 'profile="https://platform.example/profile"' },
    403,
    'insufficient_scope',
  ],
  ['any other app', {}, 401, 'insufficient_user_authentication'],
])(
  '%s whose customer signed in too long ago is told what to ask for, and the same call then succeeds',
  async (_, headers, status, error) => {
    const first = await obtainCode(server.url, { ...CLIENT, scope: SCOPES.join(' ') })
    const old = await tokenOf(first.code, first.verifier)
    expect((await checkOut(old, headers)).status).toBe(200)
    await later(async () => {
      const refused = await checkOut(old, headers)
      expect(refused.status).toBe(status)
      expect(Object.fromEntries(refused.challenge)).toMatchObject({
        error,
        scope: SCOPES.join(' '),
        max_age: '300',
        realm: server.url,
        resource_metadata: 'https://shop.example/.well-known/oauth-protected-resource/ucp',
      })
      const { verifier, challenge } = pkce()
      const request = {
        ...CLIENT,
        scope: refused.challenge.get('scope'),
        max_age: refused.challenge.get('max_age'),
        code_challenge: challenge,
        code_challenge_method: 'S256',
      }
      const login = await first.jar.follow(await first.jar.fetch(authorizationUrl(server.url, request)))
      const consent = await signIn(first.jar, login, sonia, CALLBACK)
      const { url } = await submit(first.jar, consent, { decision: 'allow' }, CALLBACK)
      const fresh = await tokenOf(new URL(url).searchParams.get('code') ?? '', verifier)
      expect((await checkOut(fresh, headers)).status).toBe(200)
    }, 600)
  },
)
