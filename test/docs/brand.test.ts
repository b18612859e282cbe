import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { brandSettings } from '../../src/config/brand-settings.ts'
import { walkPage } from './page-walk.ts'

const PAGE = 'docs/how-to/brand.md'

test('goes as its page says: a preview, words of one’s own, and the check of an upgrade', async () => {
  const walk = walkPage(PAGE, {})
  expect(await walk.next('views preview')).toMatch(/\d+ pages and \d+ mails/)
  expect(existsSync(join(walk.directory, 'preview/index.html'))).toBe(true)
  expect(await walk.next('views check')).toContain('1 replacements have no note')
  expect(await walk.next('views accept')).toContain('Everything in VIEWS_DIR fits.')
  walk.end()
})

test('names every setting of the brand, and every variable of the stylesheet', () => {
  const page = readFileSync(PAGE, 'utf8')
  for (const name of Object.keys(brandSettings)) expect(page).toContain(`\`${name}\``)
  const variables = new Set(readFileSync('views/common.css', 'utf8').match(/--v-[\w-]+(?=:)/g))
  for (const variable of variables)
    expect(page, variable).toContain(
      `\`${variable.replace(/-(ground|line)$/, '')}\``.replace('`--v-color`', '`--v-color-line`'),
    )
})
