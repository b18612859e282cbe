import { describe, expect, test } from 'vitest'
import { ourSetups } from '../../bench/run/contestants.ts'
import { type BenchOptions, readOptions } from '../../bench/run/options.ts'
import { chosen } from '../../bench/run/run-bench.ts'

const read = (...args: string[]) => readOptions(args) as BenchOptions

describe('a command line that means nothing is refused with what is wrong', () => {
  test.each([
    ['--connections', '0'],
    ['--rounds', 'many'],
    ['--ours', 'mysql'],
    ['--against', 'everybody'],
    ['--unknown', '1'],
    ['one', 'two'],
  ])('%s %s', (...args) => {
    expect(() => readOptions(args)).toThrow()
  })
})

test('a text that names no scenario is refused with the names of all', () => {
  expect(() => chosen(read('--only', 'nothing'))).toThrow(/jwks, discovery, /)
  expect(chosen(read('--only', 'refresh,jwks')).map(({ name }) => name)).toEqual([
    'jwks',
    'refresh',
    'refresh with ID token',
  ])
})

test('our server takes turns at each log level and number of workers; the embedded one has one process', () => {
  const setups = ourSetups(read('--ours', 'postgres+redis,embedded', '--workers', '1,2', '--log-level', 'warn,info'))
  expect(setups.map(({ stores, logLevel, workers }) => `${stores} ${logLevel} ${workers}`)).toEqual([
    'postgres+redis warn 1',
    'postgres+redis warn 2',
    'postgres+redis info 1',
    'postgres+redis info 2',
    'embedded warn 1',
    'embedded info 1',
  ])
})
