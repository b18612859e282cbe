import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { logEventsPage } from '../../src/cli/reference/log-events-page.ts'
import { LOG_EVENTS, type LogEvent } from '../../src/log/events.ts'
import { createLog } from '../../src/log.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const events = Object.entries(LOG_EVENTS)

test('docs/log-events.md says what the list of events says', () => {
  const page = readFileSync(join(ROOT, 'docs/log-events.md'), 'utf8')
  expect(page, 'Run "npx vestibule log-events --markdown > docs/log-events.md".').toBe(logEventsPage())
})

test('every event of the list is logged somewhere, at its level', () => {
  const source = globSync('src/**/*.ts', { cwd: ROOT })
    .map((path) => readFileSync(join(ROOT, path), 'utf8'))
    .join('\n')
  const logged = [...source.matchAll(/\blog\.(warn|error)\(\s*\{\s*event: '([a-z.-]+)'/g)]
  const pairs = new Set(logged.map(([, level, event]) => `${level} ${event}`))
  expect([...pairs].sort()).toEqual(events.map(([event, { level }]) => `${level} ${event}`).sort())
})

test.each(events)('the name, the sentences and the line of %s are what an operator can use', (event, described) => {
  const { level, happened, remedy } = described
  expect(event).toMatch(/^[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*$/)
  for (const sentence of [happened, remedy]) expect(sentence).toMatch(/^[A-Z].*[^|\n]\.$/)

  const lines: string[] = []
  const log = createLog('info', { write: (line) => void lines.push(line) }).child({ worker: 3 })
  const write = log[level].bind(log) as (line: { event: LogEvent }) => void // the level belongs to the event
  write({ event: event as LogEvent })
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { level, event, msg: happened, worker: 3, time: expect.any(String) },
  ])
})

test('the compiler refuses a line without an event, with an unknown one, and with one of another level', () => {
  const log = createLog('silent')
  // @ts-expect-error: no event
  log.warn('something happened')
  // @ts-expect-error: no event
  log.error({ err: new Error('something happened') })
  // @ts-expect-error: not in the list
  log.warn({ event: 'something.happened' })
  // @ts-expect-error: an event of level error
  log.warn({ event: 'storage.lost' })
  // Each line above is checked by "npm run types"; here they must only not throw.
  expect(log.error({ event: 'storage.lost' })).toBeUndefined()
})
