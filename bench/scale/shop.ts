import { join } from 'node:path'
import { openDatabase } from '../../src/database/index.ts'
import { serverSecret } from '../../src/database/server-secrets.ts'
import { createRefreshTokens } from '../../src/oauth/refresh/refresh-tokens.ts'
import { openStorage } from '../../src/storage/index.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { postForm } from '../../test/support/http.ts'
import { type ServerProcess, startServerProcess, type TestSettings } from '../../test/support/server.ts'
import { nodeArgumentsOfStart } from '../start-command.ts'
import { accessTokenMaker } from './access-tokens.ts'
import { redisWriter, sqliteWriter } from './bulk-writer.ts'
import { fillCustomers, fillSignIns, type SignInRecords } from './fill.ts'

/** A server with so many customers, each of whom is signed in. */
export type Shop = {
  readonly customers: number
  readonly port: number
  readonly pid: number
  /** A new access token of a customer by number, from 1. */
  accessToken(number: number): string
  /** Refresh tokens that can be used, of different customers. Take them out; put their successors in. */
  readonly refreshTokens: string[]
  stop(): Promise<void>
}

/** Where a server keeps its records: DATA_DIR with the demo shop in it, or the same in DATABASE_URL, and REDIS_URL. */
export type ShopStores = Pick<TestSettings, 'DATA_DIR' | 'DATABASE_URL' | 'REDIS_URL'>

export type ShopOptions = {
  readonly customers: number
  /** How many of the sign-ins can be refreshed. */
  readonly sampled: number
  /** Further arguments of Node for the server. */
  readonly nodeArguments?: readonly string[]
}

const LIKE = { username: 'ron@swanson.com', password: 'mysecretpassword' }

/** The password of all customers. */
export const PASSWORD = LIKE.password

type Tokens = { readonly access_token: string; readonly refresh_token: string }

/** Signs one customer in over HTTP, writes `customers` customers and sign-ins like that one, and starts the server on them. */
export async function openShop(
  stores: ShopStores,
  { customers, sampled, nodeArguments = [] }: ShopOptions,
): Promise<Shop> {
  const first = await startServerProcess({ LOG_LEVEL: 'warn', ...stores })
  const example = await signIn(first)
  const { settings } = first
  await first.end('SIGTERM')
  const refreshTokens = await fill({ settings, customers, sampled, example })
  const server = await startServerProcess(settings, {
    nodeArguments: [...nodeArgumentsOfStart(), ...nodeArguments],
  })
  return {
    customers,
    port: Number(settings.PORT),
    pid: server.pid,
    accessToken: accessTokenMaker(example.access_token, String(settings.KEYS_URL).replace('file:', '')),
    refreshTokens,
    stop: async () => void (await server.kill()),
  }
}

async function signIn({ url }: ServerProcess): Promise<Tokens> {
  const answer = await postForm(`${url}/token`, {
    grant_type: 'password',
    client_id: 'frontend',
    scope: 'customer',
    ...LIKE,
  })
  if (!answer.ok) throw new Error(await answer.text())
  return (await answer.json()) as Tokens // RFC 6749 §5.1
}

type FillDeps = {
  readonly settings: TestSettings
  readonly customers: number
  readonly sampled: number
  readonly example: Tokens
}

/** Writes while no server runs: the embedded stores belong to one process. */
async function fill({ settings, customers, sampled, example }: FillDeps): Promise<string[]> {
  const addresses = { ...settings, DATA_DIR: settings.DATA_DIR ?? join('data') }
  const database = await openDatabase(addresses)
  try {
    const storage = await openStorage(addresses, database.knex, console.error)
    const macKeys = [await serverSecret(database.knex, 'refresh-tokens')] as const
    const refreshTokens = createRefreshTokens({ storage, macKeys })
    const family = refreshTokens.parse(example.refresh_token)?.family
    const records = await recordsOf(storage, family).finally(() => storage.close())
    const writer = settings.REDIS_URL ? await redisWriter(settings.REDIS_URL) : sqliteWriter(addresses.DATA_DIR)
    try {
      const [tokens] = await Promise.all([
        fillSignIns(writer, records, { refreshTokens, count: customers, sampled }),
        fillCustomers(database.knex, customers, LIKE.username),
      ])
      return tokens
    } finally {
      writer.close()
    }
  } finally {
    await database.close()
  }
}

async function recordsOf(storage: Storage, familyId = ''): Promise<SignInRecords> {
  const family = (await storage.get('RefreshToken', familyId))?.artifact
  const grant = family && (await storage.get('Grant', String(family.grantId)))?.artifact
  if (!grant) throw new Error('the sign-in that all others are like is not in the storage')
  return { family, grant }
}
