import { defineConfig } from 'vitest/config'
import { backends } from './test/support/binaries.ts'

const withChaos = process.env.CHAOS === '1'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: withChaos ? [] : ['test/chaos/**'],
    globalSetup: 'test/support/global-setup.ts',
    // A process per file: what one file leaves open or breaks, no other file sees.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 90_000,
    hookTimeout: 180_000,
    tags: Object.entries(backends).map(([name, { title }]) => ({ name, description: `needs ${title}` })),
  },
})
