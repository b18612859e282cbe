import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { configurationPage } from '../../src/cli/reference/configuration-page.ts'
import { settings } from '../../src/config.ts'

test('docs/configuration.md says what the table of settings says', () => {
  const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8')
  expect(page, 'Run "npx vestibule config --markdown > docs/configuration.md".').toBe(configurationPage())
})

test('every setting is on the page, with one line of its own', () => {
  const rows = configurationPage()
    .split('\n')
    .filter((line) => line.startsWith('| `'))
  expect(rows.map((row) => row.split('`')[1])).toEqual(Object.keys(settings))
})
