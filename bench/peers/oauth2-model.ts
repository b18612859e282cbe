import type OAuth2Server from '@node-oauth/oauth2-server'
import { hash, verify } from '@node-rs/argon2'
import { Redis } from 'ioredis'
import { ARGON2ID } from '../../src/credentials/schemes/argon2.ts'
import { APP, CUSTOMER, SERVICE } from './peer.ts'

type Model = OAuth2Server.ClientCredentialsModel & OAuth2Server.PasswordModel & OAuth2Server.RefreshTokenModel
/** A token as Redis has it: times are texts. */
type Stored = {
  readonly accessToken: string
  readonly client: OAuth2Server.Client
  readonly user: OAuth2Server.User
  readonly scope?: string[]
  readonly accessTokenExpiresAt?: string
  readonly refreshTokenExpiresAt?: string
}

const MONTH_SECONDS = 2_628_000
const HOUR_SECONDS = 3600

/** Clients in memory, one account, and in Redis a value for each token: the least that the library asks for. */
export async function createModel(redisUrl: string): Promise<Model> {
  const redis = new Redis(redisUrl)
  const stored = await hash(CUSTOMER.password, ARGON2ID)
  const clients: readonly (OAuth2Server.Client & { readonly secret?: string })[] = [
    { id: SERVICE.id, secret: SERVICE.secret, grants: ['client_credentials'] },
    { id: APP, grants: ['password', 'refresh_token'] },
  ]
  const read = async (key: string): Promise<Stored | undefined> => {
    const text = await redis.get(key)
    return text === null ? undefined : (JSON.parse(text) as Stored) // what saveToken wrote
  }
  return {
    getClient: async (id, secret) =>
      clients.find((client) => client.id === id && (client.secret === undefined || client.secret === secret)),
    getUserFromClient: async ({ id }) => ({ login: id }),
    async getUser(login, password) {
      const isRight = login === CUSTOMER.login && (await verify(stored, password))
      return isRight ? { login } : undefined
    },
    async saveToken(token, client, user) {
      const kept = { ...token, client: { id: client.id, grants: client.grants }, user }
      const text = JSON.stringify(kept)
      const batch = redis.pipeline().set(`access:${token.accessToken}`, text, 'EX', HOUR_SECONDS)
      if (token.refreshToken !== undefined) batch.set(`refresh:${token.refreshToken}`, text, 'EX', MONTH_SECONDS)
      await batch.exec()
      return kept
    },
    async getAccessToken(token) {
      const found = await read(`access:${token}`)
      return found && withTimes(found)
    },
    async getRefreshToken(refreshToken) {
      const found = await read(`refresh:${refreshToken}`)
      return found && { ...withTimes(found), refreshToken }
    },
    revokeToken: async ({ refreshToken }) => (await redis.del(`refresh:${refreshToken}`)) === 1,
  }
}

function withTimes({ accessTokenExpiresAt, refreshTokenExpiresAt, ...token }: Stored): OAuth2Server.Token {
  return {
    ...token,
    ...(accessTokenExpiresAt !== undefined && { accessTokenExpiresAt: new Date(accessTokenExpiresAt) }),
    ...(refreshTokenExpiresAt !== undefined && { refreshTokenExpiresAt: new Date(refreshTokenExpiresAt) }),
  }
}
