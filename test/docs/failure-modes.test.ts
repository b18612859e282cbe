import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { documentedFailures, failureTable } from '../support/failure-table.ts'

const CHAOS = fileURLToPath(new URL('../chaos/', import.meta.url))

/** The failures that chaos tests break something for. */
function testedFailures(): string[] {
  const files = readdirSync(CHAOS).filter((name) => name.endsWith('.test.ts'))
  const text = files.map((name) => readFileSync(`${CHAOS}${name}`, 'utf8')).join('\n')
  return [...text.matchAll(/testFailure\(\s*'([^']+)'/g)].map(([, failure]) => failure as string)
}

test('every failure that the page describes is a chaos test, and every chaos test a row of the page', () => {
  const documented = documentedFailures().map(({ failure }) => failure)
  expect(documented.length).toBeGreaterThan(10)
  expect(testedFailures().toSorted()).toEqual(documented.toSorted())
})

test('the table at the end of a run has every row, with its times, and says what broke and what did not run', () => {
  const rows = ['down', 'slow', 'away'].map((failure) => ({ failure, meanwhile: '503', kept: 'all' }))
  const table = failureTable(rows, [
    { failure: 'slow', backMs: 90, isKept: false },
    { failure: 'down', slowestMs: 1012, backMs: 412, isKept: true },
  ])
  expect(table.slice(2).map((line) => line.replace(/ +/g, ' '))).toEqual([
    '| down | 503 | 1.0 s | 0.4 s | all |',
    '| slow | 503 | – | 0.1 s | BROKEN: see the failed test |',
    '| away | 503 | – | – | not run |',
  ])
})
