import { expect, test } from 'vitest'
import { renderChart } from '../../bench/report/chart.ts'
import { selfTimes } from '../../bench/report/self-times.ts'
import { renderTable, renderTables } from '../../bench/report/table.ts'
import { type Block, medians, type Row } from '../../bench/run/figures.ts'

const turn = (requests: number, more: object = {}) => ({
  requests,
  errors: 0,
  seconds: 2,
  p50Ms: 1,
  p99Ms: 3,
  serverNs: requests * 50_000,
  storesNs: requests * 10_000,
  windowUs: [0, 2_000_000] as const,
  collected: [],
  ...more,
})
const row = (contestant: string, kind: Row['kind'], requests: number, more: object = {}): Row => ({
  contestant,
  kind,
  figures: medians([turn(requests, more), turn(requests, more), turn(requests * 10)]),
})
const block = (rows: Row[], scenario = 'refresh', sameAs?: string): Block => ({
  scenario,
  connections: 16,
  rows,
  ...(sameAs !== undefined && { sameAs }),
})

test('the table has the median of the rounds, and how near we come to the ceiling and to each peer', () => {
  const table = renderTables([
    block([
      row('bare', 'ceiling', 20_000, { serverNs: 20_000 * 25_000 }),
      row('peer + Redis', 'peer', 4000),
      row('ours', 'ours', 8000),
    ]),
  ])
  expect(table).toContain('÷ peer')
  expect(cells(table, 'ours')).toEqual(['ours', '4,000', '1.0', '3.0', '50.0', '10.0', '0.40', '0.50', '2.00', '1.00'])
})

test('what had one error in any round has no figures, and nothing is compared with it', () => {
  const failed = row('bare', 'ceiling', 20_000, { errors: 1, firstError: '500 broken' })
  const table = renderTables([block([failed, row('ours', 'ours', 8000)])])
  expect(cells(table, 'bare').slice(0, 3)).toEqual(['bare', 'failed', ''])
  expect(cells(table, 'ours').slice(-2)).toEqual(['', ''])
  expect(table).toContain('2 errors in 240000 requests, first: 500 broken')
  expect(renderChart([block([failed])])).toContain('>failed<')
})

test('two scenarios that should cost the same are compared', () => {
  const all = [
    block([row('ours', 'ours', 1000)], 'password'),
    block([row('ours', 'ours', 900)], 'storefront', 'password'),
  ]
  expect(renderTable(all[1] as Block, all)).toContain('ours: 0.90 of "password", 1.00 by CPU.')
})

test('a profile counts what ran while requests were measured, by package and function', () => {
  const frame = (functionName: string, url: string) => ({ functionName, url, lineNumber: 4 })
  const profile = {
    nodes: [
      { id: 1, callFrame: frame('(idle)', '') },
      { id: 2, callFrame: frame('find', 'file:///a/node_modules/koa/node_modules/@x/router/lib/index.js') },
      { id: 3, callFrame: frame('judge', 'file:///a/src/oauth/tokens/token-verdict.ts') },
    ],
    startTime: 1000,
    samples: [3, 1, 2, 3, 3],
    timeDeltas: [10, 100, 100, 300, 5000],
  }
  expect(selfTimes([profile], [1050, 2000])).toEqual([
    { owner: 'src/oauth', name: 'judge token-verdict.ts:5', share: 0.75 },
    { owner: '@x/router', name: 'find index.js:5', share: 0.25 },
  ])
})

function cells(table: string, contestant: string): string[] {
  const line = table.split('\n').find((each) => each.startsWith(`| ${contestant} `)) ?? ''
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())
}
