import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Daemon, startDaemon } from '../support/daemon.ts'
import { describeOn } from '../support/describe-on.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { waitFor } from '../support/wait-for.ts'
import { type StoragePlace, storageBackends } from './storage-backends.ts'
import { prepareRace, type RacePlan, type RaceResult, race } from './storage-race.ts'

const PROGRAM = fileURLToPath(new URL('racing-process.ts', import.meta.url))
const RACERS = 4
/** 625 rounds of 4 attempts by each of 4 racers: 10,000 attempts at each operation. */
const PLAN = { rounds: 625, attempts: 4 }
const READY_DEADLINE_MS = 60_000

for (const { name, needs, prepare } of storageBackends) {
  const suite = () => {
    let place: StoragePlace
    beforeAll(async () => {
      place = await prepare()
    })
    afterAll(() => place?.close())

    test('of 10,000 racing attempts at each of consume, putOnce and swap exactly one wins each round', async () => {
      const plan = { ...PLAN, run: randomUUID() }
      const storage = await place.open()
      await prepareRace(storage, plan)
      const results = await (place.settings ? raceProcesses : raceHere)(place, plan)
      for (const operation of ['consume', 'putOnce', 'swap'] as const) {
        const winners = Array.from({ length: plan.rounds }, (_, round) =>
          results.reduce((sum, result) => sum + Number(result[operation][round]), 0),
        )
        expect({ operation, rounds: winners.filter((count) => count !== 1) }).toEqual({ operation, rounds: [] })
      }
      await expectReceiptOfWinner(place, plan, results)
    })
  }
  if (needs) describeOn(needs, `racing on ${name}`, suite)
  else describe(`racing on ${name}`, suite)
}

async function raceHere(place: StoragePlace, plan: RacePlan): Promise<RaceResult[]> {
  return Promise.all(Array.from({ length: RACERS }, async (_, racer) => race(await place.open(), plan, racer)))
}

/** Each racer a process of its own; they begin when all of them are connected. */
async function raceProcesses({ settings }: StoragePlace, plan: RacePlan): Promise<RaceResult[]> {
  const cwd = temporaryDirectory('race')
  const begin = join(cwd, 'begin')
  const racers = await Promise.all(
    Array.from({ length: RACERS }, (_, racer) => {
      const given = { settings, plan, racer, dataDir: cwd, begin }
      return startDaemon(process.execPath, [PROGRAM, JSON.stringify(given)], { cwd })
    }),
  )
  const isReady = (racer: Daemon) => racer.stdout() !== '' || !racer.isRunning()
  await waitFor(() => racers.every(isReady), { deadlineMs: READY_DEADLINE_MS, what: 'all racers to be connected' })
  writeFileSync(begin, '')
  return Promise.all(
    racers.map(async (racer) => {
      const { code } = await racer.exited
      expect([racer.stderr(), code]).toEqual(['', 0])
      return JSON.parse(racer.stdout().split('\n')[1] ?? '') as RaceResult
    }),
  )
}

/** Who lost a swap reads what the winner of that very swap wrote. */
async function expectReceiptOfWinner(place: StoragePlace, plan: RacePlan, results: readonly RaceResult[]) {
  const storage = await place.open()
  for (let round = 0; round < plan.rounds; round += 10) {
    const winner = results.findIndex((result) => result.swap[round] === 1)
    const id = `${plan.run}-swap-${round}`
    expect(await storage.get('Raced', id)).toEqual({ artifact: { racer: winner }, version: 1 })
    expect(await storage.receipt('Raced', id)).toBe(String(winner))
  }
}
