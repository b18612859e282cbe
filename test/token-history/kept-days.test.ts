import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { openDatabase } from '../../src/database/index.ts'
import { prune } from '../../src/storage/sql-pruning.ts'
import { historyTables, openTokenHistory } from '../../src/token-history/token-history.ts'
import type { TokenRecord } from '../../src/token-history/token-record.ts'
import { ask, OWNER } from '../admin/administrators.ts'
import { tokensOf } from '../endpoints/client.ts'
import { describeOn } from '../support/describe-on.ts'
import { copyTemplate } from '../support/embedded-template.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { startTestServer } from '../support/server.ts'
import { createDatabase } from '../support/shared.ts'
import { query } from '../support/sql.ts'
import { waitFor } from '../support/wait-for.ts'

const DAY_SECONDS = 86_400
const now = () => Math.floor(Date.now() / 1000)

/** A token that expired so many days ago. */
function expired(tokenId: string, daysAgo: number): TokenRecord {
  const expiresAt = now() - daysAgo * DAY_SECONDS
  const issuedAtMs = (expiresAt - 3600) * 1000
  return { tokenId, kind: 'access-token', clientId: 'frontend', grantId: `grant of ${tokenId}`, issuedAtMs, expiresAt }
}

describe('the tables of the history', () => {
  let database: Database
  beforeAll(async () => {
    const directory = temporaryDirectory('history')
    await copyTemplate('migrated', directory)
    database = await openDatabase({ DATA_DIR: join(directory, 'data') })
  })
  afterAll(() => database?.close())

  const warnings: string[] = []
  const open = (historyDays = 30) =>
    openTokenHistory({
      knex: database.knex,
      log: { warn: (line: object | string) => void warnings.push(JSON.stringify(line)) },
      historyDays,
      longestTokenSeconds: 365 * DAY_SECONDS,
    })
  const idsIn = async (table: string, column: string) =>
    (await database.knex(table).orderBy(column).select(column)).map((row) => row[column])

  test('are pruned of what expired longer ago than the setting says, with the endings that mattered to it alone', async () => {
    const history = open()
    history.noteIssued([expired('old', 31), expired('kept', 29)])
    for (const id of ['old', 'kept']) {
      const { issuedAtMs } = expired(id, id === 'old' ? 31 : 29)
      history.noteEnding({ subject: { of: 'grant', id: `grant of ${id}` }, cause: 'sign-out', atMs: issuedAtMs })
    }
    history.noteEnding({ subject: { of: 'account', id: 'someone' }, cause: 'blocked', atMs: 0, untilMs: Date.now() })
    await history.flush()
    await prune(database.knex, historyTables(30))
    expect(await idsIn('token_records', 'token_id')).toEqual(['kept'])
    expect(await idsIn('token_endings', 'subject')).toEqual(['account:someone', 'grant:grant of kept'])
    expect((await history.find({ tokenId: 'kept', limit: 1 }))[0]?.end).toMatchObject({ cause: 'sign-out' })
    await history.close()
  })

  test('get what was noted while the database did not take it, as soon as it does', async () => {
    const history = open()
    await database.knex.raw('alter table token_records rename to away')
    history.noteIssued([expired('delayed', 1)])
    await history.flush()
    expect(warnings.at(-1)).toContain('token-history.write-failed')
    await database.knex.raw('alter table away rename to token_records')
    await history.flush()
    expect(await history.find({ tokenId: 'delayed', limit: 2 })).toHaveLength(1)
    await history.close()
  })

  test('get what is still noted when the history is closed', async () => {
    const history = open()
    history.noteIssued([expired('last', 1)])
    await history.close()
    expect(await idsIn('token_records', 'token_id')).toContain('last')
  })

  test('take a text and a number that the database would refuse, in a form that it keeps', async () => {
    const history = open()
    history.noteIssued([{ ...expired('text', 1), accountId: 'a\0b\ud800' }])
    history.noteEnding({
      subject: { of: 'account', id: 'a\0b\ud800' },
      cause: 'blocked',
      endedBy: '\0',
      atMs: 1,
      untilMs: 2.5,
    })
    const long = randomBytes(6000).toString('base64')
    history.noteIssued([{ ...expired('long', 1), accountId: long, grantId: long }])
    history.noteEnding({ subject: { of: 'account', id: long }, cause: 'blocked', atMs: 1, untilMs: 2 })
    await history.flush()
    for (const tokenId of ['text', 'long']) expect(await history.find({ tokenId, limit: 1 })).toHaveLength(1)
    await history.close()
  })
})

describeOn('postgres', 'TOKEN_HISTORY_DAYS=0', () => {
  test('records no token, and deletes those that are on record', async () => {
    const DATABASE_URL = await createDatabase({ demo: true })
    const counted = async () =>
      Number((await query(DATABASE_URL, 'select count(*) from token_records'))[0]?.count) +
      Number((await query(DATABASE_URL, 'select count(*) from token_endings'))[0]?.count)
    const settings = { ADMIN_TOKEN: OWNER, DATABASE_URL }
    const before = await startTestServer(settings)
    const { access_token } = await tokensOf(before.url)
    await ask(before, OWNER, 'POST', '/v1/sign-outs', { of: 'everybody' })
    await before.stop()
    expect(await counted()).toBe(3)

    const server = await startTestServer({ ...settings, TOKEN_HISTORY_DAYS: '0' })
    const inspected = await ask(server, OWNER, 'POST', '/v1/tokens/inspect', { token: access_token })
    expect(inspected.body).not.toHaveProperty('record')
    await waitFor(async () => (await counted()) === 0)
    await tokensOf(server.url)
    await ask(server, OWNER, 'POST', '/v1/sign-outs', { of: 'everybody' })
    expect((await ask(server, OWNER, 'GET', '/v1/tokens?clientId=frontend')).body).toEqual({ items: [] })
    await server.stop()
    expect(await counted()).toBe(0)
  })
})
