import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { openDatabase } from '../../src/database/index.ts'
import { createSignOutCutOffs, type Ownership } from '../../src/oauth/sign-out-cut-offs.ts'
import { carryOut } from '../../src/oauth/sign-outs/carry-out.ts'
import { type EndingLog, type EndingLogDeps, openEndingLog } from '../../src/sign-in-endings/ending-log.ts'
import type { LoggedEnding } from '../../src/sign-in-endings/ending-rows.ts'
import { openRepair } from '../../src/sign-in-endings/repair.ts'
import type { SignInEnded } from '../../src/sign-in-endings/sign-in-ended.ts'
import { createUnlogged } from '../../src/sign-in-endings/unlogged.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { describeOn } from '../support/describe-on.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { createDatabase } from '../support/shared.ts'
import { createTestDatabase } from '../support/test-database.ts'
import { waitFor } from '../support/wait-for.ts'
import { CHANGES, type Change } from './changes.ts'

const NODE = fileURLToPath(new URL('dying-node.ts', import.meta.url))
const log = {
  warn: (facts: object) => process.stderr.write(`${JSON.stringify(facts)}\n`),
} as unknown as EndingLogDeps['log']
const sealKeys = ['a secret of this test'] as const
type Settings = { readonly DATA_DIR: string; readonly DATABASE_URL?: string }

/** Has a process make every change and kills it. @returns whose sign-ins must end, by the name of the change. */
async function changeAndDie(settings: Settings): Promise<Readonly<Record<string, string>>> {
  const node = spawn(process.execPath, [NODE, JSON.stringify(settings)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = new Promise((resolve) => node.once('exit', resolve))
  let said = ''
  node.stdout.on('data', (part) => {
    said += part
  })
  try {
    await waitFor(() => said.endsWith('\n') || node.exitCode !== null, { what: 'every change' })
    return JSON.parse(said) as Record<string, string> // as the process wrote it
  } finally {
    node.kill('SIGKILL')
    await exited
  }
}

/** The event that the process tells which makes a change and lives. */
function eventOf({ what, why }: Change['ends'], subject: string): SignInEnded {
  switch (what) {
    case 'grant':
      return { what, why, grantId: subject }
    case 'client':
      return { what, why, clientId: subject }
    case 'company-user':
      return { what, why, companyUserId: subject }
    default:
      return { what, why, accountId: subject }
  }
}

function subjectOf({ grantId, clientId, companyUserId, accountId }: LoggedEnding): string | undefined {
  return grantId ?? clientId ?? companyUserId ?? accountId
}

function suite(prepareDatabase: () => Promise<Settings>): void {
  let database: Database
  let endingLog: EndingLog
  let subjects: Readonly<Record<string, string>>
  const storage = createMemoryStorage()
  beforeAll(async () => {
    const settings = await prepareDatabase()
    subjects = await changeAndDie(settings)
    database = await openDatabase(settings)
    endingLog = openEndingLog({
      database,
      log,
      sealKeys,
      keepUnlogged: () => Promise.reject(new Error('the database is away')),
      longestTokenSeconds: () => 3600,
    })
    for (const grantId of Object.values(subjects)) await storage.put('Grant', grantId, { grantId }, 3600)
    await repaired()
  })
  afterAll(async () => {
    await endingLog?.close()
    await database?.close()
  })

  /** Two nodes repair at once until nothing is left to be done. */
  async function repaired(): Promise<void> {
    const repairs = [0, 1].map(() =>
      openRepair({
        knex: database.knex,
        endingLog,
        unlogged: createUnlogged(storage),
        sealKeys,
        endAgain: (ending) => carryOut(storage, ending),
        publish: async () => {},
        readUpTo: async () => 0,
        log,
        everyMs: 20,
        afterMs: 0,
      }),
    )
    await waitFor(async () => (await waiting()) === 0, { what: 'the repair' })
    for (const repair of repairs) await repair.close()
  }

  async function waiting(): Promise<number> {
    const causes = await database.knex('sign_in_ending_causes')
    return causes.length + (await endingLog.unsettled(0, 1000)).length
  }

  async function endingsOf(subject: string, after = 0): Promise<LoggedEnding[]> {
    return (await endingLog.after(after, 10_000)).filter((ending) => subjectOf(ending) === subject)
  }

  async function isEnded({ what }: Change['ends'], subject: string): Promise<boolean> {
    if (what === 'grant') return (await storage.get('Grant', subject)) === undefined
    const ownership: Ownership = eventOf({ what, why: 'operator' }, subject)
    return createSignOutCutOffs(storage).isBefore(ownership, 1)
  }

  test.each(CHANGES)('$name by a process that dies then: a node ends the sign-ins, once', async ({ name, ends }) => {
    const subject = String(subjects[name])
    expect(await endingsOf(subject)).toMatchObject([ends])
    expect(await isEnded(ends, subject)).toBe(true)
  })

  test.each(CHANGES)('$name and the change is rolled back: nothing ends', async ({ prepare }) => {
    const { subject, make } = await prepare(database.knex)
    await repaired()
    const head = await endingLog.head()
    let noted: object[] = []
    const rolledBack = database.knex.transaction(async (transaction) => {
      await make(transaction)
      noted = await transaction('sign_in_ending_causes').where({ subject })
      throw new Error('rolled back')
    })
    await expect(rolledBack).rejects.toThrow('rolled back')
    expect(noted).not.toEqual([])
    expect(await waiting()).toBe(0)
    await repaired()
    expect(await endingLog.head()).toBe(head)
  })

  test.each(CHANGES)('$name by a process that goes on: it is told once', async ({ prepare, ends }) => {
    const { subject, make } = await prepare(database.knex)
    await repaired()
    const head = await endingLog.head()
    await make(database.knex)
    await endingLog.settle(await endingLog.announce(eventOf(ends, subject)))
    await repaired()
    expect(await endingsOf(subject, head)).toMatchObject([ends])
    expect(await endingLog.head()).toBe(head + 1)
  })

  test('what an import noted of hundreds of customers is carried out for each of them, once', async () => {
    const head = await endingLog.head()
    await database.knex.raw(
      `insert into sign_in_ending_causes (what, subject, why)
       select 'customer', 'crowd-' || number, 'imported' from generate_series(1, 250) as number`,
    )
    await repaired()
    expect(await endingLog.head()).toBe(head + 250)
  })
}

describe('sign-ins end after a change, embedded', () => {
  suite(async () => (await createTestDatabase('migrated', { isEmbedded: true })).settings)
})
describeOn('postgres', 'sign-ins end after a change, on Postgres', () => {
  suite(async () => ({ DATA_DIR: temporaryDirectory('causes'), DATABASE_URL: await createDatabase() }))
})
