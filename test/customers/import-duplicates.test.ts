import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { createPasswords } from '../../src/credentials/passwords.ts'
import { createDigestLines } from '../../src/customers/import/digest-lines.ts'
import { type ImportOptions, importCustomers } from '../../src/customers/import/import.ts'
import type { LineProblem } from '../../src/customers/import/import-runs.ts'
import { useDatabase } from './database.ts'

const database = useDatabase()
const passwords = createPasswords()

type Line = Record<string, unknown>
const ID = 'aaaaaaaa-0000-4000-8000-000000000001'

describe('a name that comes twice in one file', () => {
  const twice: [name: string, first: Line, second: Line, shown: string][] = [
    ['customerReference', { customerReference: 'Twice' }, { customerReference: 'Twice' }, 'customerReference Twice'],
    ['id', { id: ID }, { id: ID.toUpperCase() }, `id ${ID}`],
    ['idCustomer', { idCustomer: 7 }, { idCustomer: 7 }, 'idCustomer 7'],
    ['email', { email: 'Twice@Example.com' }, { email: ' twice@example.com' }, 'email'],
    ['domain', { email: 'kunde@müller.example' }, { email: 'kunde@xn--mller-kva.example' }, 'email'],
  ]
  const places = [
    { where: 'in one batch', batchSize: 100 },
    { where: 'in batches far apart', batchSize: 2 },
  ]
  const kinds = [
    { kind: 'an import', dryRun: false },
    { kind: 'a dry run', dryRun: true },
  ]
  const cases = twice.flatMap(([name, first, second, shown]) =>
    places.flatMap((place) => kinds.map((kind) => ({ name, first, second, shown, ...place, ...kind }))),
  )

  test.each(cases)('$name: $kind refuses the later line and names the earlier one, $where', async (given) => {
    const { first, second, shown, batchSize, dryRun } = given
    const lines = [person(1), { ...person(2), ...first }, ...many(3, 9), { ...person(10), ...second }, person(11)]
    const { report, problems } = await run(lines, { batchSize, dryRun })
    expect(report).toMatchObject({ created: 10, refused: 1 })
    const reason = `${shown} is on line 2 already; each ${shown.split(' ')[0]} comes once in a file`
    const customerReference = String(second.customerReference ?? person(10).customerReference)
    expect(problems).toEqual([{ line: 10, customerReference, reason }])
  })

  test.each(twice)('%s: an import that goes on remembers the lines of before', async (_, first, second, shown) => {
    const lines = [{ ...person(1), ...first }, ...many(2, 9), { ...person(10), ...second }]
    const stop = new AbortController()
    const stopped = await run(lines, { batchSize: 2, signal: stop.signal, onProgress: () => stop.abort() })
    expect(stopped.report).toMatchObject({ outcome: 'stopped', line: 2 })
    const { report, problems } = await run(lines, { batchSize: 2, resume: true })
    expect(report).toMatchObject({ outcome: 'finished', created: 9, refused: 1 })
    expect(problems).toMatchObject([{ line: 10, reason: expect.stringContaining(`${shown} is on line 1 already`) }])
  })

  test('does not change the customer of the earlier line', async () => {
    await run([
      { ...person(1), givenName: 'First' },
      { ...person(1), givenName: 'Second' },
    ])
    expect(await database.knex('customers').pluck('given_name')).toEqual(['First'])
  })

  test('is no name of a line that is no customer', async () => {
    const { report, problems } = await run([{ ...person(1), status: 'odd' }, person(1)])
    expect([report.created, problems.map(({ line }) => line)]).toEqual([1, [1]])
  })
})

describe('an import that goes on', () => {
  test('tells again of each line that was refused before it was interrupted', async () => {
    const lines = [person(1), { ...person(2), status: 'odd' }, person(3), person(1), ...many(5, 12)]
    const stop = new AbortController()
    const options: Partial<ImportOptions> = { batchSize: 3, signal: stop.signal }
    const first = await run(lines, { ...options, onProgress: ({ line }) => line >= 6 && stop.abort() })
    expect(first.problems.map(({ line }) => line)).toEqual([2, 4])
    const { report, problems, texts } = await run(lines, { batchSize: 3, resume: true })
    expect(problems).toEqual(first.problems)
    expect(texts).toEqual([lines[1], lines[3]].map((line) => JSON.stringify(line)))
    expect(report).toMatchObject({ outcome: 'finished', created: 10, refused: 2 })
  })
})

describe('a line that is not UTF-8', () => {
  test('is refused, and no name is stored with replacement characters', async () => {
    const bytes = Buffer.from(JSON.stringify({ ...person(1), familyName: 'Müller' }), 'latin1')
    const problems: LineProblem[] = []
    const report = await importCustomers({ knex: database.knex, passwords }, Readable.from([bytes]), {
      name: 'latin1',
      onProblem: (problem) => problems.push(problem),
    })
    expect(report).toMatchObject({ created: 0, refused: 1 })
    expect(problems).toMatchObject([{ line: 1, reason: expect.stringContaining('not UTF-8') }])
  })
})

describe('the memory of names', () => {
  test('finds each of many texts on its line and no other text, in less than 100 bytes a text', () => {
    const count = 300_000
    const before = process.memoryUsage().arrayBuffers
    const lines = createDigestLines()
    for (let line = 1; line <= count; line++) lines.add(`name ${line}`, line)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 * count)
    for (let line = 1; line <= count; line += 997) expect(lines.find(`name ${line}`)).toBe(line)
    for (let line = 1; line <= count; line += 997) expect(lines.find(`other ${line}`)).toBeUndefined()
  })
})

async function run(lines: readonly Line[], options: Partial<ImportOptions> = {}) {
  const problems: LineProblem[] = []
  const texts: (string | undefined)[] = []
  const source = Readable.from([lines.map((line) => JSON.stringify(line)).join('\n')])
  const report = await importCustomers({ knex: database.knex, passwords }, source, {
    name: 'customers.ndjson',
    onProblem(problem, text) {
      problems.push(problem)
      texts.push(text)
    },
    ...options,
  })
  return { report, problems, texts }
}

function person(index: number): Line {
  return { email: `p${index}@example.com`, customerReference: `P--${index}` }
}

function many(from: number, to: number): Line[] {
  return Array.from({ length: to - from + 1 }, (_, index) => person(from + index))
}
