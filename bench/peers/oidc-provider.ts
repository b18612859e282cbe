/**
 * The library that Vestibule is built on, with no more around it than its manual asks for: tokens by client credentials
 * are ES256 JWTs; those that are introspected, revoked and refreshed are opaque, as it does not introspect JWTs.
 */
import { generateKeyPairSync } from 'node:crypto'
import { Provider } from 'oidc-provider'
import { APP, CUSTOMER, OPAQUE_SCOPE, readInput, SEED_PATH, SERVICE } from './peer.ts'
import { createRedisAdapter } from './redis-adapter.ts'

const RESOURCE = 'urn:peer:commerce'
const SCOPE = 'orders:read orders:write'

const { port, redisUrl } = readInput()
const privateJwk = (type: 'ec' | 'rsa') => {
  const { privateKey } =
    type === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: type === 'ec' ? 'ES256' : 'RS256' }
}

const provider = new Provider(`http://localhost:${port}`, {
  adapter: createRedisAdapter(redisUrl),
  jwks: { keys: [privateJwk('ec'), privateJwk('rsa')] },
  cookies: { keys: ['a-cookie-key-that-only-measures'] },
  clients: [
    {
      client_id: SERVICE.id,
      client_secret: SERVICE.secret,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    },
    {
      client_id: APP,
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: ['http://localhost/callback'],
    },
  ],
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: (ctx) => (ctx.oidc.params?.scope === OPAQUE_SCOPE ? [] : RESOURCE),
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: SCOPE,
        accessTokenFormat: 'jwt',
        accessTokenTTL: 900,
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
  scopes: ['openid', 'offline_access', OPAQUE_SCOPE],
  rotateRefreshToken: true,
  issueRefreshToken: () => true,
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
})

provider.use(async (ctx, next) => {
  if (ctx.path !== SEED_PATH) return next()
  const accountId = CUSTOMER.login
  const client = await provider.Client.find(APP)
  if (!client) throw new Error(`there is no client ${APP}`)
  const grant = new provider.Grant({ accountId, clientId: APP })
  grant.addOIDCScope(`offline_access ${OPAQUE_SCOPE}`)
  const grantId = await grant.save()
  const token = new provider.RefreshToken({
    accountId,
    client,
    grantId,
    scope: `offline_access ${OPAQUE_SCOPE}`,
    gty: 'authorization_code',
    rotations: 0,
    claims: {},
  } as never) // the types ask for members that only tokens of a browser have
  ctx.body = { refresh_token: await token.save() }
})
provider.listen(port, '127.0.0.1')
