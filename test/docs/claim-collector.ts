import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { ask, OWNER } from '../admin/administrators.ts'
import { type Receiver, startReceiver } from '../back-channel/receiver.ts'
import { KINDS } from '../dialects/token-kinds.ts'
import {
  decode,
  introspect,
  obtainCode,
  ordersService,
  read,
  redeem,
  refresh,
  tokensOf,
  userinfo,
} from '../endpoints/client.ts'
import { addStreamClient, POLL } from '../shared-signals/stream-client.ts'
import { basicAuth, postForm } from '../support/http.ts'
import type { TestServer } from '../support/server.ts'

/** Which claims were seen in tokens and answers, by the kind of them. */
export type Seen = {
  readonly places: ReadonlyMap<string, ReadonlySet<string>>
  readonly dialects: ReadonlyMap<string, ReadonlySet<string>>
}

const SESSION_REVOKED = 'https://schemas.openid.net/secevent/caep/event-type/session-revoked'
const HOME = 'http://localhost:8080/'
const COMMERCE = 'urn:vestibule:commerce'
const PASSWORD = 'correct horse battery staple'
const SECRET = 'a-secret-of-the-client'
const EVERY_SCOPE = 'openid profile email customer company'

/** Obtains tokens of every kind and notes the names of their claims. */
export async function collectClaims(server: TestServer): Promise<Seen> {
  const places = new Map<string, Set<string>>()
  const dialects = new Map<string, Set<string>>()
  const note = (map: Map<string, Set<string>>, of: string, claims: object) =>
    void map.set(of, new Set([...(map.get(of) ?? []), ...Object.keys(claims)]))
  await addClient(server, {
    client_id: 'inspector',
    grant_types: ['client_credentials'],
    resource_scopes: [],
    introspects: ['*'],
  })
  const inspector = basicAuth('inspector', SECRET)
  const noteAccess = async (token: string) => {
    if (token.split('.').length === 3) note(places, 'access', decode(token).payload)
    note(places, 'introspection', await introspect(server.url, token, inspector))
  }
  const receiver = await startReceiver()
  const signals = await addStreamClient(server)
  const stream = await signals.create({ events_requested: [SESSION_REVOKED], delivery: { method: POLL } })
  try {
    const person = await newPerson(server)
    for (const tokens of await ofPeople(server, person, receiver)) {
      await noteAccess(tokens.access_token)
      if (tokens.id_token) note(places, 'id', decode(tokens.id_token).payload)
      if (tokens.refresh_token)
        note(
          places,
          'introspection',
          (
            await read(
              postForm(`${server.url}/introspect`, { token: tokens.refresh_token }, tokens.by ?? ordersService),
            )
          ).body,
        )
      const { status, body } = await read(userinfo(server.url, tokens.access_token))
      if (status === 200) note(places, 'userinfo', body)
    }
    for (const token of await ofOthers(server)) await noteAccess(token)
    for (const token of await bound(server, person.login)) await noteAccess(token)
    const [notice] = await receiver.notices(1, { issuer: server.url, audience: 'claims-app' })
    note(places, 'logout', notice?.claims ?? {})
    for (const { claims } of await signals.take(stream.stream_id, 1)) note(places, 'set', claims)
    for (const { name, obtain } of KINDS) {
      const token = await obtain(server.url)
      const dialect = name.split(':')[0] ?? ''
      if (token.split('.').length === 3) note(dialects, dialect, decode(token).payload)
    }
  } finally {
    await receiver.stop()
  }
  return { places, dialects }
}

type Person = { readonly id: string; readonly login: { readonly username: string; readonly password: string } }
type Made = {
  readonly access_token: string
  readonly id_token?: string
  readonly refresh_token?: string
  readonly by?: Record<string, string>
}

/** Somebody of whom everything is known, with many permissions. */
async function newPerson(server: TestServer): Promise<Person> {
  const reference = randomUUID()
  const record = {
    customerReference: reference,
    email: `${reference}@example.com`,
    emailVerified: true,
    givenName: 'Sam',
    familyName: 'Sample',
    locale: 'de',
    companyUsers: [
      {
        id: randomUUID(),
        company: { id: randomUUID(), name: 'Many' },
        isActive: true,
        roles: [
          {
            name: 'Buyer',
            permissions: Array.from({ length: 60 }, (_, n) => ({ key: `Permission${n}`, configuration: {} })),
          },
        ],
      },
    ],
  }
  const { body } = await ask(server, OWNER, 'POST', '/v1/customers', { ...record, password: PASSWORD })
  return { id: String(body.id), login: { username: record.email, password: PASSWORD } }
}

async function addClient(server: TestServer, metadata: object): Promise<void> {
  const made = await ask(server, OWNER, 'POST', '/v1/clients', { metadata, secret: SECRET })
  if (made.status !== 201) throw new Error(JSON.stringify(made.body))
}

async function addResourceServer(server: TestServer, settings: object): Promise<string> {
  const identifier = `urn:example:${randomUUID()}`
  const made = await ask(server, OWNER, 'POST', '/v1/resource-servers', {
    identifier,
    format: 'jwt',
    scopes: [],
    ...settings,
  })
  if (made.status !== 201) throw new Error(JSON.stringify(made.body))
  return identifier
}

/** By every grant of the standard tokens. */
async function ofPeople(server: TestServer, { login }: Person, { uri }: Receiver): Promise<Made[]> {
  const { url } = server
  await addClient(server, {
    client_id: 'claims-app',
    first_party: true,
    redirect_uris: ['http://localhost:8080/callback'],
    grant_types: ['authorization_code', 'refresh_token', 'password'],
    post_logout_redirect_uris: [HOME],
    backchannel_logout_uri: uri,
    backchannel_logout_session_required: true,
  })
  const client = basicAuth('claims-app', SECRET)
  const claims = JSON.stringify({ userinfo: { locale: null } })
  const fields = { client_id: 'claims-app', scope: EVERY_SCOPE, nonce: 'a-nonce', claims }
  const { code, verifier, jar } = await obtainCode(url, fields, { login })
  const { body: byCode } = await read(redeem(url, code, verifier, {}, client))
  const { body: refreshed } = await read(refresh(url, byCode.refresh_token, {}, client))
  await jar.fetch(
    `${url}/logout?${new URLSearchParams({ id_token_hint: byCode.id_token, client_id: 'claims-app', post_logout_redirect_uri: HOME })}`,
  )
  const small = await addResourceServer(server, { accessTokenMaxBytes: 2048, with_nbf: true, status_list: true })
  const shortened = await tokensOf(url, { ...login, scope: EVERY_SCOPE, resource: small })
  const plain = await tokensOf(url, { ...login, scope: EVERY_SCOPE })
  const agent = await tokensOf(url, {
    grant_type: 'urn:vestibule:grant:agent',
    username: 'agent@example.com',
    password: 'change123',
  })
  const acting = await tokensOf(url, {
    grant_type: 'urn:vestibule:grant:impersonation',
    subject_token: agent.access_token,
    customer_reference: 'DE--21',
    reason: 'a ticket',
  })
  const exchanged = await read(
    postForm(
      `${url}/token`,
      {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: plain.access_token,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        resource: COMMERCE,
      },
      ordersService,
    ),
  )
  return [{ ...byCode, by: client }, { ...refreshed, by: client }, shortened, plain, agent, acting, exchanged.body]
}

/** Of clients themselves, and of visitors who have not signed in. */
async function ofOthers(server: TestServer): Promise<string[]> {
  const anonymous = await addResourceServer(server, { anonymousScopes: [], hasMachineTokens: true })
  const client_id = `machine-${randomUUID()}`
  await addClient(server, {
    client_id,
    ucp_profile: 'https://platform.example/.well-known/ucp',
    grant_types: ['client_credentials', 'urn:vestibule:grant:anonymous'],
    resource_scopes: [],
    introspects: ['*'],
  })
  const by = basicAuth(client_id, SECRET)
  const ask = async (form: Record<string, string>) => {
    const { status, body } = await read(postForm(`${server.url}/token`, { resource: anonymous, ...form }, by))
    if (status !== 200) throw new Error(JSON.stringify(body))
    return body.access_token as string
  }
  return [
    await ask({ grant_type: 'client_credentials' }),
    await ask({ grant_type: 'urn:vestibule:grant:anonymous', anonymous_id: 'visitor-1' }),
  ]
}

/** Bound to a key (RFC 9449). */
async function bound({ url }: TestServer, login: Person['login']): Promise<string[]> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: publicKey.export({ format: 'jwk' }) }
  const payload = {
    jti: createHash('sha256').update(randomUUID()).digest('base64url'),
    htm: 'POST',
    htu: `${url}/token`,
    iat: Math.floor(Date.now() / 1000),
  }
  const input = `${encode(header)}.${encode(payload)}`
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  const tokens = await tokensOf(url, { ...login, scope: 'company' }, {})
  const { body } = await read(
    postForm(
      `${url}/token`,
      { grant_type: 'password', client_id: 'frontend', ...login },
      { dpop: `${input}.${signature.toString('base64url')}` },
    ),
  )
  return [tokens.access_token, body.access_token]
}
