import { expect, test } from 'vitest'
import { unpinned } from '../../bench/run/cores.ts'
import { hasFailed } from '../../bench/run/figures.ts'
import { readOptions } from '../../bench/run/options.ts'
import { runBench } from '../../bench/run/run-bench.ts'
import { scenarios } from '../../bench/run/scenarios.ts'
import { describeOn } from '../support/describe-on.ts'
import { copyTemplate } from '../support/embedded-template.ts'
import { createDatabase, createRedisDatabase } from '../support/shared.ts'

const stores = {
  demoDatabase: () => createDatabase({ demo: true }),
  redisDatabase: createRedisDatabase,
  dataDirectory: () => copyTemplate('demo'),
  pids: [],
}

describeOn('redis', 'npm run bench', () => {
  describeOn('postgres', 'with a few requests of each kind', () => {
    test('every contestant of every scenario answers rightly', async () => {
      const options = readOptions(['--smoke', '--connections', '2'])
      if (options === 'help') throw new Error('no help was asked for')
      const blocks = await runBench(options, { stores, pinning: unpinned('a test') })
      expect(blocks.map(({ scenario }) => scenario)).toEqual(scenarios.map(({ name }) => name))
      for (const { scenario, rows } of blocks) {
        expect(rows.map(({ kind }) => kind)).toContain('ceiling')
        expect(rows.filter(({ kind }) => kind === 'ours')).toHaveLength(2)
        expect(
          rows.filter(hasFailed).map(({ contestant, figures }) => [contestant, figures]),
          scenario,
        ).toEqual([])
      }
    })
  })
})
