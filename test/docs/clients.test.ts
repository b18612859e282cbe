import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { clientsPage, memberRows } from '../../src/cli/reference/clients-page.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

test('docs/clients.md says what the schema of clients says', () => {
  const page = readFileSync(join(ROOT, 'docs/clients.md'), 'utf8')
  expect(page, 'Run "npx vestibule clients members --markdown > docs/clients.md".').toBe(clientsPage())
})

test.each(memberRows())('$name has a sentence that an operator can use', ({ sentence }) => {
  expect(sentence).toMatch(/^["A-Z].*\.$/)
})
