import { expect, test } from 'vitest'
import { outcomeOf, readOutcome, summarise } from './outcome.ts'

const file = (status: 'passed' | 'failed', ...tests: { status: string; tags?: string[] }[]) => ({
  name: 'a.test.ts',
  status,
  message: 'broken import',
  startTime: 0,
  endTime: 1000,
  assertionResults: tests.map((test) => ({ tags: [], ...test })),
})

test('the last line counts tests that passed, failed and were skipped', () => {
  const tests = [{ status: 'passed' }, { status: 'passed' }, { status: 'failed' }, { status: 'skipped' }]
  const outcome = outcomeOf({ testResults: [file('failed', ...tests)] }, 1)
  expect(summarise(outcome, {}).at(-1)).toBe('2 passed, 1 failed, 1 skipped')
})

test('without skipped tests the last line is exactly "N passed, M failed"', () => {
  const outcome = outcomeOf({ testResults: [file('passed', { status: 'passed' })] }, 0)
  expect(summarise(outcome, {}).at(-1)).toBe('1 passed, 0 failed')
})

test('a run of no tests has failed', () => {
  expect(outcomeOf({ testResults: [] }, 0).failed).toBe(1)
  expect(outcomeOf({ testResults: [file('passed', { status: 'skipped' })] }, 0).failed).toBe(1)
})

test('a file that does not load has failed', () => {
  const outcome = outcomeOf({ testResults: [file('passed', { status: 'passed' }), file('failed')] }, 1)
  expect(outcome).toMatchObject({
    passed: 1,
    failed: 1,
    troubles: ['a.test.ts failed outside of a test: broken import'],
  })
})

test('an error outside of every test has failed, though all tests passed', () => {
  expect(outcomeOf({ testResults: [file('passed', { status: 'passed' })] }, 1)).toMatchObject({ passed: 1, failed: 1 })
})

test('a run that crashed before its report has failed', () => {
  expect(readOutcome('/nonexistent/report.json', 1)).toMatchObject({ passed: 0, failed: 1 })
})

test('a backend that ran is told from one that was skipped', () => {
  const tests = [
    { status: 'passed', tags: ['redis'] },
    { status: 'failed', tags: ['redis'] },
    { status: 'skipped', tags: ['postgres'] },
  ]
  const outcome = outcomeOf({ testResults: [file('failed', ...tests)] }, 1)
  expect(outcome.ranOn).toEqual({ redis: 2 })
  const lines = summarise(outcome, {})
  expect(lines).toContain('Redis: ran (2 tests)')
  expect(lines.find((line) => line.startsWith('Postgres:'))).toMatch(/^Postgres: not run: /)
})

test('the ten slowest files are told of, the slowest first, before everything else', () => {
  const files = Array.from({ length: 12 }, (_, index) => ({
    ...file('passed', { status: 'passed' }),
    name: `${process.cwd()}/test/${index}.test.ts`,
    endTime: (index + 1) * 1500,
  }))
  const lines = summarise(outcomeOf({ testResults: files }, 0), {})
  expect(lines.slice(0, 2)).toEqual(['   18.0 s  test/11.test.ts', '   16.5 s  test/10.test.ts'])
  expect(lines.filter((line) => line.includes(' s  test/'))).toHaveLength(10)
  expect(lines.at(-1)).toBe('12 passed, 0 failed')
})
