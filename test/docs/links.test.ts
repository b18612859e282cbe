import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

test('links between documents lead somewhere', () => {
  const broken = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT }).flatMap((page) =>
    linksOf(readFileSync(join(ROOT, page), 'utf8'))
      .filter((link) => !existsSync(join(ROOT, dirname(page), link)))
      .map((link) => `${page} → ${link}`),
  )
  expect(broken).toEqual([])
})

/** Relative links, without their fragments. */
function linksOf(markdown: string): string[] {
  return [...markdown.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link.replace(/#.*$/, ''))
    .filter((link) => link !== '' && !/^[a-z]+:/.test(link))
}
