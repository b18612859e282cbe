import { defineConfig } from 'vitest/config'
import { backends } from './test/support/binaries.ts'
import { SlowestFirst } from './test/support/slowest-first.ts'

const withChaos = process.env.CHAOS === '1'

/** What `waitFor`, vitest and the limits of stores say when time ran out. */
const DEADLINE = /^waited \d+ ms for |^Test timed out in |^temporarily_unavailable$/

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: withChaos ? [] : ['test/chaos/**'],
    globalSetup: 'test/support/global-setup.ts',
    // Files share the workers. A process per file would load the server anew for each: half of all the work.
    // `npm test -- --isolate` gives each file its own, to tell whether one disturbs another.
    pool: 'forks',
    isolate: false,
    // One more than the two cores of a small machine: tests that wait leave it to others.
    maxWorkers: 3,
    sequence: { sequencer: SlowestFirst },
    // Concurrent tests are those that wait for an end of time.
    maxConcurrency: 20,
    // A deadline that a busy machine missed gets one more try, which the report shows; a wrong answer does not.
    ...(!withChaos && { retry: { count: 1, condition: DEADLINE } }),
    testTimeout: 300_000,
    hookTimeout: 600_000,
    tags: Object.entries(backends).map(([name, { title }]) => ({ name, description: `needs ${title}` })),
  },
})
