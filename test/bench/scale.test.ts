import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { renderCurves } from '../../bench/scale/curves.ts'
import { scenarios } from '../../bench/scale/measure.ts'
import { readOptions } from '../../bench/scale/options.ts'
import { openPointFile, type Point, rowsOf } from '../../bench/scale/points.ts'
import { renderScale } from '../../bench/scale/report.ts'
import { runScale, type ScaleOptions } from '../../bench/scale/run-scale.ts'
import { describeOn } from '../support/describe-on.ts'
import { copyTemplate } from '../support/embedded-template.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { createDatabase, createRedisDatabase } from '../support/shared.ts'

const stores = {
  demoDatabase: () => createDatabase({ demo: true }),
  redisDatabase: createRedisDatabase,
  dataDirectory: () => copyTemplate('demo'),
  pids: [],
}

async function expectRightAnswers(backends: ScaleOptions['backends']): Promise<void> {
  // One wrong answer makes it fail: each customer and each sign-in that was filled in is one that the server knows.
  const points: Point[] = []
  const options = { backends, sizes: [200], rounds: 1, requests: 50, isRealTime: false }
  await runScale(options, stores, { onPoint: (point) => void points.push(point) })
  const rows = rowsOf(points)
  expect(rows.map(({ scenario }) => scenario)).toEqual(scenarios.map(({ name }) => name))
  expect(rows.flatMap(({ costs }) => costs.map(({ customers }) => customers))).toEqual(scenarios.map(() => 200))
}

describe('customers and sign-ins that were filled in are introspected, refreshed and signed in', () => {
  test('in the embedded stores', () => expectRightAnswers('embedded'))
  describeOn('postgres', 'in Postgres', () => {
    describeOn('redis', 'and Redis', () => {
      test('with one record each', () => expectRightAnswers('postgres+redis'))
    })
  })
})

test('a cost is the middle one of the second half of its turns, and sizes are in order', () => {
  const cost = (customers: number, serverUs: number) => ({ scenario: 'jwks', customers, serverUs, storesUs: 1 })
  const later = [900, 900, 900, 30, 20, 25].map((serverUs) => cost(10_000, serverUs))
  const earlier = [800, 40].map((serverUs) => cost(1000, serverUs))
  expect(rowsOf([...later, ...earlier])).toEqual([
    {
      scenario: 'jwks',
      costs: [
        { customers: 1000, serverUs: 40, storesUs: 1 },
        { customers: 10_000, serverUs: 25, storesUs: 1 },
      ],
    },
  ])
})

test('points are kept as they come, and an earlier run is continued only when asked', () => {
  const path = join(temporaryDirectory('points'), 'deep', 'points.ndjson')
  const point = { scenario: 'jwks', customers: 1000, serverUs: 40, storesUs: 1 }
  openPointFile(path, false).add(point)
  openPointFile(path, true).add({ ...point, customers: 10 })
  expect(openPointFile(path, true).all()).toEqual([point, { ...point, customers: 10 }])
  expect(openPointFile(path, false).all()).toEqual([])
})

test.each([
  ['no size', ['--sizes', 'many']],
  ['half a customer', ['--sizes', '1000,0.5']],
  ['no round', ['--rounds', '0']],
  ['other backends', ['--backends', 'mysql']],
  ['an option that there is not', ['--size', '1000']],
])('the command line is refused with %s', (_, args) => {
  expect(() => readOptions(args)).toThrow(/--(sizes?|rounds|backends)/)
})

const rows = [
  {
    scenario: 'refresh',
    costs: [
      { customers: 1000, serverUs: 300, storesUs: 100 },
      { customers: 10_000, serverUs: 310, storesUs: 290 },
    ],
  },
]

test('the table compares the largest size with the smallest, stores included', () => {
  expect(renderScale(rows).split('\n').at(-1)).toBe('| refresh | 300 + 100 | 310 + 290 | 1.50 |')
})

test('the chart draws a level line for a cost that stays, and none that leaves the picture', () => {
  const flat = renderCurves('flat', [
    { scenario: 'jwks', costs: [1000, 1_000_000].map((customers) => ({ customers, serverUs: 5, storesUs: 0 })) },
  ])
  const [[, first], [, last]] = pointsOf(flat) as [[number, number], [number, number]]
  expect(first).toBe(last)
  for (const [x, y] of pointsOf(renderCurves('steep', rows))) {
    expect(x).toBeGreaterThanOrEqual(0)
    expect(y).toBeGreaterThanOrEqual(0)
  }
})

function pointsOf(svg: string): number[][] {
  const points = /points="([^"]+)"/.exec(svg)?.[1] ?? ''
  return points.split(' ').map((point) => point.split(',').map(Number))
}
