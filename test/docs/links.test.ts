import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PAGES = globSync(['*.md', 'docs/**/*.md', 'src/**/*.md', 'bench/*.md'], { cwd: ROOT }).sort()
/** Pages that name files of ours to lead readers to them. Decisions are of their time and keep the paths of then. */
const GUIDES = PAGES.filter((page) =>
  /^(CONTRIBUTING|README|docs\/architecture|docs\/how-to\/.*|src\/.*README)\.md$/.test(page),
)
/** Names the files of its folder without the folder. */
const FOLDER_README = /^src\/[^/]+\/README\.md$/
/** A dialect that the how-to invents. */
const INVENTED = /^src\/dialects\/acme\//

test('links between documents lead somewhere', () => {
  const broken = PAGES.flatMap((page) =>
    linksOf(readFileSync(join(ROOT, page), 'utf8'))
      .filter((link) => !existsSync(join(ROOT, dirname(page), link)))
      .map((link) => `${page} → ${link}`),
  )
  expect(broken).toEqual([])
})

test('links into a document lead to one of its headings', () => {
  const broken = PAGES.flatMap((page) =>
    [...readFileSync(join(ROOT, page), 'utf8').matchAll(/\]\(([^)\s:#]*)#([^)\s]+)\)/g)]
      .map(([, link = '', heading = '']) => ({ link, heading, target: link ? join(dirname(page), link) : page }))
      .filter(({ target }) => target.endsWith('.md'))
      .filter(({ target, heading }) => !headingsOf(readFileSync(join(ROOT, target), 'utf8')).includes(heading))
      .map(({ link, heading }) => `${page} → ${link}#${heading}`),
  )
  expect(broken).toEqual([])
})

test('the files that guides name exist', () => {
  expect(GUIDES).toContain('docs/architecture.md')
  const missing = GUIDES.flatMap((page) =>
    pathsIn(readFileSync(join(ROOT, page), 'utf8'))
      .filter((path) => path.includes('/') || FOLDER_README.test(page))
      .filter((path) => !INVENTED.test(path) && !isThere(page, path))
      .map((path) => `${page} → ${path}`),
  )
  expect(missing).toEqual([])
})

test('the README leads to every how-to, by itself or by a page that it links', () => {
  const linked = (page: string) =>
    linksOf(readFileSync(join(ROOT, page), 'utf8')).map((link) => join(dirname(page), link))
  const first = linked('README.md')
  const second = first.filter((page) => page.endsWith('.md')).flatMap(linked)
  const howTos = PAGES.filter((page) => page.startsWith('docs/how-to/'))
  expect(howTos).toContain('docs/how-to/first-hour.md')
  expect(howTos.filter((page) => ![...first, ...second].includes(page))).toEqual([])
})

/** The names under which headings are linked: lower case, without punctuation, blanks as hyphens. */
function headingsOf(markdown: string): string[] {
  const text = markdown.replace(/^```.*?^```$/gms, '')
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

/** Relative links, without their fragments. */
function linksOf(markdown: string): string[] {
  return [...markdown.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link.replace(/#.*$/, ''))
    .filter((link) => link !== '' && !/^[a-z]+:/.test(link))
}

/** Files of code in backticks: `folder/file.ts`. */
function pathsIn(markdown: string): string[] {
  return [...markdown.matchAll(/`([\w./-]+\.(?:ts|eta|json))`/g)].map(([, path = '']) => path)
}

/** A path stands for a file of the project, of src, or of the folder that the page is in or one below it. */
function isThere(page: string, path: string): boolean {
  const folder = dirname(page)
  const besides = folder.startsWith('src') ? [folder, dirname(folder)] : ['', 'src']
  return ['', 'src', ...besides].some((start) => existsSync(join(ROOT, start, path)))
}
