import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { openBranding } from '../../src/app/branding.ts'
import { brandShades, contrast, darkTwin, faintColor, GROUNDS, readableOn, readColor } from '../../src/brand-colors.ts'
import { ConfigError, readConfig } from '../../src/config.ts'
import { temporaryDirectory } from '../support/run-directory.ts'

const views = fileURLToPath(new URL('../../views', import.meta.url))
const sheet = (name: string) => readFileSync(join(views, name), 'utf8')
const COLOURS = [
  '#000000',
  '#ffffff',
  '#ffcc00',
  '#0f0',
  '#ff0000',
  '#0000ff',
  '#14665c',
  '#777777',
  '#e91e63',
  '#767676',
]

const refusal = (settings: Record<string, string>) => {
  try {
    openBranding(readConfig(settings), { warn: () => {} })
    return ''
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
}

describe.each(COLOURS.map((text) => readColor(text) as string))('the colour %s', (color) => {
  test.each(['light', 'dark'] as const)('can be read on %s pages, on its buttons too', (theme) => {
    const { brand, brandHover, onBrand, link, linkHover } = brandShades(
      theme === 'light' ? color : darkTwin(color),
      theme,
    )
    for (const [text, ground] of [
      [onBrand, brand],
      [onBrand, brandHover],
      [link, GROUNDS[theme]],
      [linkHover, GROUNDS[theme]],
    ] as const)
      expect(contrast(text, ground), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5)
  })
})

test('a colour that can be read stays as it is, and one that cannot is corrected in its hue', () => {
  expect(readableOn(GROUNDS.light, '#14665c')).toBe('#14665c')
  expect(faintColor('#14665c', 'light')).toBeUndefined()
  expect(faintColor('#ffcc00', 'light')).toMatch(/#ffcc00 stands out 1\.\d to 1 .* links are shown in #[0-9a-f]{6}/)
})

test('the grounds that colours are checked against are the hardest ones of the stylesheet', () => {
  const values = [...sheet('common.css').matchAll(/--v-color-(background|surface):\s*(#\w+)/g)].map(
    ([, , value]) => value,
  )
  const [lightGround = '', lightCard = '', darkGround = '', darkCard = ''] = values
  expect(contrast('#14665c', GROUNDS.light)).toBe(
    Math.min(contrast('#14665c', lightGround), contrast('#14665c', lightCard as string)),
  )
  expect(contrast('#6cc7b9', GROUNDS.dark)).toBe(
    Math.min(contrast('#6cc7b9', darkGround), contrast('#6cc7b9', darkCard)),
  )
})

test.each(['common.css', 'style.css', 'console/console.css'])(
  '%s uses no variable that nobody sets, and no side of the page',
  (name) => {
    const known = new Set(
      [...`${sheet('common.css')}${sheet(name)}`.matchAll(/(--[\w-]+)\s*:/g)].map(([, variable]) => variable),
    )
    const used = [...sheet(name).matchAll(/var\((--[\w-]+)/g)].map(([, variable]) => variable)
    expect(used.filter((variable) => !known.has(variable))).toEqual([])
    expect(
      sheet(name).match(/\b(margin|padding|border)-(left|right)\b|text-align:\s*(left|right)|[\s;](left|right):/g),
    ).toBeNull()
  },
)

describe('a setting that would be more than a value is refused:', () => {
  test.each([
    ['BRAND_COLOR', 'red; } body{display:none'],
    ['BRAND_COLOR', 'red'],
    ['BRAND_COLOR', 'url(https://evil.example)'],
    ['BRAND_COLOR_DARK', '#12345'],
    ['BRAND_NAME', 'a\u202eb'],
    ['BRAND_HOME_URL', 'javascript:alert(1)'],
    ['BRAND_HOME_URL', 'http://shop.example/'],
    ['BRAND_SUPPORT_URL', 'data:text/html,x'],
    ['BRAND_PRIVACY_URL', 'https://u:p@shop.example/'],
    ['BRAND_LOGO', '/nothing/here.svg'],
    ['VIEWS_DIR', '/nothing/here'],
  ])('%s=%s', (name, value) => {
    expect(refusal({ [name]: value })).toContain(name)
  })
})

describe('a logo', () => {
  const keep = (name: string, content: Buffer | string) => {
    const path = join(temporaryDirectory('logo'), name)
    writeFileSync(path, content)
    return path
  }
  const png = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(16)])
  png.writeUInt32BE(480, 16)
  png.writeUInt32BE(96, 20)
  const drawing = '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100"></svg>'

  test('is served under a name with its hash, in its own size, as what it is', () => {
    const { pages } = openBranding(readConfig({ BRAND_LOGO: keep('logo', png), BRAND_NAME: 'Acme Shop' }), {
      warn: () => {},
    })
    const html = pages.render('start', {}, 'en')
    expect(html).toMatch(/<img src="\/assets\/logo\.[\w-]{16}\.png" alt="Acme Shop" width="240" height="48"/)
    expect(pages.asset('logo.png')?.type).toBe('image/png')
  })

  test('for dark pages is shown by those alone, and left out of mails', () => {
    const { pages, writeLetter } = openBranding(
      readConfig({ BRAND_LOGO: keep('logo', png), BRAND_LOGO_DARK: keep('dark', drawing), BRAND_NAME: 'Acme Shop' }),
      { warn: () => {} },
    )
    const html = pages.render('start', {}, 'en')
    const [picture = ''] = /<picture>.*<\/picture>/s.exec(html) ?? []
    expect(picture).toMatch(
      /<source media="\(prefers-color-scheme: dark\)" srcset="\/assets\/logo-dark\.[\w-]{16}\.svg" width="96" height="48">\s*<img src="\/assets\/logo\./,
    )
    expect(pages.asset('logo-dark.svg')?.type).toBe('image/svg+xml')
    const mail = writeLetter({ kind: 'recovery', to: 'sam@example.com', languages: ['en'], path: '/x', token: 'x' })
    expect(mail.html).toContain('/assets/logo.')
    expect(mail.html).not.toContain('logo-dark')
    const client = { name: 'Outlet', isFirstParty: true, logoUri: 'https://cdn.example/outlet.png' }
    expect(pages.render('start', { clientBrand: client }, 'en')).not.toContain('logo-dark')
  })

  test('for dark pages needs one for light pages, and is read as strictly', () => {
    expect(refusal({ BRAND_LOGO_DARK: keep('dark', drawing) })).toMatch(/BRAND_LOGO_DARK is set without BRAND_LOGO/)
    expect(refusal({ BRAND_LOGO: keep('logo', png), BRAND_LOGO_DARK: keep('dark', 'GIF89a') })).toMatch(
      /- BRAND_LOGO_DARK: /,
    )
  })

  test.each([
    ['too large', `<svg width="1" height="1">${' '.repeat(40_000)}</svg>`],
    ['no picture', 'GIF89a'],
    ['without a size', '<svg xmlns="http://www.w3.org/2000/svg"></svg>'],
    ['empty', ''],
  ])('that is %s is refused', (_, content) => {
    expect(refusal({ BRAND_LOGO: keep('logo.svg', content) })).toContain('BRAND_LOGO')
  })
})

test('colours that cannot be read are a warning with the corrected shade, and no refusal', () => {
  const warnings: object[] = []
  openBranding(readConfig({ BRAND_COLOR: '#ffcc00', BRAND_COLOR_DARK: '#202020' }), {
    warn: (line: object) => void warnings.push(line),
  })
  expect(warnings).toHaveLength(2)
  for (const warning of warnings)
    expect(JSON.stringify(warning)).toMatch(/brand\.color-faint.*links are shown in #[0-9a-f]{6}/)
})

test.each([
  [{}, 'Demo shop'],
  [{ ISSUER: 'https://id.acme.example', DEMO: 'false' }, 'id.acme.example'],
  [{ DATABASE_URL: 'postgres://localhost/x', ISSUER: 'http://localhost:4000' }, 'localhost:4000'],
  [{ BRAND_NAME: 'Acme & Sons' }, 'Acme &amp; Sons'],
])('with %j the shop is called %s', (settings, name) => {
  const { pages } = openBranding(readConfig(settings), { warn: () => {} })
  expect(pages.render('start', {}, 'en')).toContain(`<title>Welcome · ${name}</title>`)
})
