import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { OWN_VIEWS } from '../../src/interaction/pages.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { runCommand } from './run-command.ts'

const ours = (file: string) => readFileSync(join(OWN_VIEWS, file), 'utf8')

function viewsWith(files: Record<string, string | Buffer>): string {
  const directory = temporaryDirectory('views')
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, file)), { recursive: true })
    writeFileSync(join(directory, file), content)
  }
  return directory
}

const run = (directory: string, ...args: string[]) => runCommand(['views', ...args], { VIEWS_DIR: directory })

test('views of a shop that fit are said to, once they are noted as compared', async () => {
  const directory = viewsWith({
    'login.eta': `${ours('login.eta')}<p>Welcome!</p>`,
    'hello.eta': '<p>hello</p>',
    'start.eta': "<% layout('@layout', { title: 'x' }) %><%~ include('@hello', it) %>",
    'brand.css': '.card { border-radius: 0 }',
    'locales/de.json': JSON.stringify({ 'login.title': 'Hereinspaziert', 'scope.orders:read': 'Bestellungen sehen' }),
  })
  expect((await run(directory, 'accept')).code).toBe(0)
  const { code, stdout } = await run(directory, 'check')
  expect([code, stdout]).toEqual([0, 'Everything in VIEWS_DIR fits.\n'])
})

describe('a problem is', () => {
  test.each([
    ['a template that does not compile', { 'login.eta': '<% if (it.x { %>' }, /login\.eta: it does not compile/],
    [
      'a template that is included and not there',
      { 'error.eta': "<%~ include('@gone', it) %>" },
      /error\.eta: it includes @gone/,
    ],
    ['a template that fails', { 'sent.eta': '<%= it.no.such.thing %>' }, /sent\.eta: it fails \(recovery\)/],
    [
      'a form without a field that the server reads',
      { 'login.eta': ours('login.eta').replace('name="password"', 'name="pass"') },
      /login\.eta: name="password" is missing/,
    ],
    [
      'a form that leads elsewhere',
      { 'consent.eta': ours('consent.eta').replace('/consent"', '/allow"') },
      /consent\.eta: action="\/interaction\/sample\/consent" is missing/,
    ],
    ['texts that are no JSON', { 'locales/de.json': '{' }, /locales\/de\.json: it is not a flat object of texts/],
    [
      'texts with a value that nothing fills',
      { 'locales/en.json': '{"title":"{page} {nobody} {shop}"}' },
      /title: nothing fills \{nobody\}/,
    ],
    [
      'a template that is not UTF-8',
      { 'error.eta': Buffer.from(ours('error.eta').replace('<dl>', '<dl>\u00fc'), 'latin1') },
      /error\.eta: it is not UTF-8/,
    ],
    [
      'a file of texts that is not UTF-8',
      { 'locales/de.json': Buffer.from('{"login.title":"Gr\u00fc\u00df Gott"}', 'latin1') },
      /locales\/de\.json: it is not UTF-8/,
    ],
    ['a mail without its link', { 'mails/recovery.text.eta': 'Hello' }, /mails\/recovery: the text has no link/],
  ])('%s', async (_, files, message) => {
    const { code, stdout } = await run(viewsWith(files as Record<string, string | Buffer>), 'check')
    expect([code, stdout]).toEqual([1, expect.stringMatching(message)])
    expect(stdout).toMatch(/^problem: /)
  })
})

describe('a link', () => {
  const link = (target: string, name: string, files: Record<string, string> = {}) => {
    const directory = viewsWith(files)
    symlinkSync(target, join(directory, name))
    return directory
  }

  test.each([
    ['to a file elsewhere', join(OWN_VIEWS, 'back.eta'), 'back.eta', /back\.eta: it is a link that leads out of the/],
    ['to a folder elsewhere', join(OWN_VIEWS, 'mails'), 'mails', /mails: it is a link that leads out of the/],
    ['to nothing', './gone.eta', 'back.eta', /back\.eta: it is a link that leads nowhere/],
  ])('%s is a problem', async (_, target, name, message) => {
    const { code, stdout } = await run(link(target, name), 'check')
    expect([code, stdout]).toEqual([1, expect.stringMatching(message)])
  })

  test('within the directory is as good as the file, as where an orchestrator mounts it', async () => {
    const files = { '..data/back.eta': '<p>back</p>', '..data/locales/de.json': '{"login.title":"Hereinspaziert"}' }
    const directory = link('..data/back.eta', 'back.eta', files)
    symlinkSync('..data/locales', join(directory, 'locales'))
    expect((await run(directory, 'accept')).stdout).toContain('2 files and texts')
    expect(await run(directory, 'check')).toMatchObject({ code: 0, stdout: 'Everything in VIEWS_DIR fits.\n' })
  })
})

describe('a warning is', () => {
  test.each([
    ['a file that nothing reads', { 'logn.eta': 'x' }, /logn\.eta: nothing reads this file/],
    [
      'a text that no page shows',
      { 'locales/en.json': '{"login.titel":"x"}' },
      /login\.titel: no page of this server shows/,
    ],
    [
      'a text without a value',
      { 'locales/en.json': '{"login.purpose":"hello"}' },
      /login\.purpose: \{client\} is missing/,
    ],
    [
      'a language with texts missing',
      { 'locales/fi.json': '{"login.title":"Kirjaudu"}' },
      /\d+ texts are missing and will be English/,
    ],
    [
      'a copy that changes nothing',
      { 'back.eta': ours('back.eta') },
      /back\.eta: it is the same as that of this server/,
    ],
    ['a replacement without a note', { 'back.eta': '<p>back</p>' }, /1 replacements have no note/],
    [
      'a replacement of what changed since',
      { 'back.eta': '<p>back</p>', 'based-on.json': '{"back.eta":"of an earlier release"}' },
      /back\.eta: what it replaces has changed in this server/,
    ],
  ])('%s', async (_, files, message) => {
    const { code, stdout } = await run(viewsWith(files as Record<string, string>), 'check', '--json')
    const findings = JSON.parse(stdout) as { kind: string; file: string; message: string }[]
    expect(code, stdout).toBe(0)
    expect(findings.map(({ file, message }) => `${file}: ${message}`)).toContainEqual(expect.stringMatching(message))
  })
})

test('a server does not start with views that it cannot read, and says how to find the file', async () => {
  const { code, stderr } = await runCommand(['views', 'preview', temporaryDirectory('preview')], {
    VIEWS_DIR: viewsWith({ 'login.eta': '<% if (it.x { %>' }),
  })
  expect([code, stderr]).toEqual([expect.not.stringMatching(/^0$/), expect.stringContaining('vestibule views check')])
})

test('every page and mail can be looked at in one place, without a server', async () => {
  const directory = temporaryDirectory('preview')
  const environment = {
    BRAND_NAME: 'Acme Shop',
    VIEWS_DIR: viewsWith({ 'locales/de.json': '{"login.title":"Hereinspaziert"}' }),
  }
  const { code, stdout } = await runCommand(['views', 'preview', directory, '--language', 'de'], environment)
  expect(code).toBe(0)
  expect(stdout).toMatch(/^\d+ pages and \d+ mails are in .*index\.html\n$/)
  const index = readFileSync(join(directory, 'index.html'), 'utf8')
  const shown = [...index.matchAll(/<iframe src="([^"]+)"/g)].map(([, file]) => file as string)
  expect(shown.length).toBeGreaterThan(40)
  const files = readdirSync(directory)
  expect(shown.filter((file) => !files.includes(file))).toEqual([])
  const login = readFileSync(join(directory, 'login.html'), 'utf8')
  expect(login).toContain('<h1>Hereinspaziert</h1>')
  const [, style = ''] = /href="(assets\/style[^"]+)"/.exec(login) ?? []
  expect(readFileSync(join(directory, style), 'utf8')).toContain('--v-color-brand')
})
