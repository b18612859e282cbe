import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { PRODUCTION } from '../support/production.ts'
import { startTestServer } from '../support/server.ts'
import { ISSUER, MOVE_PAGES, notPrinted, paste, readPage, settingsIn, stepsOf } from './pasted-page.ts'

/** The server wraps behind an import as well; the command says only what it found left, so the page may promise a line too many. */
const OFTEN_DONE = /fast hash(es are| is) wrapped in argon2id/

const hasTools = ['curl', 'jq'].every((tool) => spawnSync(tool, ['--version']).status === 0)

describe.each(MOVE_PAGES)('%s', (name) => {
  const page = readPage(name)
  const steps = stepsOf(page)

  test('has settings that a server in production takes', () => {
    const settings = settingsIn(page)
    expect(settings.length).toBeGreaterThan(0)
    for (const each of settings)
      expect(() => readConfig({ ...PRODUCTION, ISSUER, ...settings[0], ...each })).not.toThrow()
  })

  test.runIf(hasTools || process.env.CI)('does what it says when it is pasted, in production', async () => {
    const server = await startTestServer({ ...PRODUCTION, DEMO: 'false', ...settingsIn(page)[0] })
    try {
      const printed = await paste(steps, server)
      expect(steps.filter(({ shown }) => shown).length).toBeGreaterThan(name === 'move-a-shop.md' ? 0 : 2)
      for (const [index, step] of steps.entries()) {
        const text = printed[index] ?? ''
        const missing = notPrinted(step, text).filter((line) => !OFTEN_DONE.test(line))
        expect(missing, `${step.commands}\nprinted\n${text}`).toEqual([])
      }
    } finally {
      await server.stop()
    }
  })
})
