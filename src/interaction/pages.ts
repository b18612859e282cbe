import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Eta } from 'eta'
import { type Asset, hashedName, makeAsset, readAsset } from '../http/assets.ts'
import type { ClientFacts } from '../oauth/browser/ways-out.ts'
import type { Brand } from './brand/brand.ts'
import { createPageBrands } from './brand/page-brand.ts'
import { readLanguages } from './languages.ts'
import type { PageName, PageViews } from './page-views.ts'
import type { ConsentAsks } from './views/sign-in.ts'

/** The templates, texts and assets, ready to be shown. */
export type Pages = {
  /**
   * The whole HTML document; `language` is one that `chooseLanguage` gave. With an address to go on at, a person can
   * choose another language below the page.
   */
  render<Name extends PageName>(
    name: Name,
    view: PageViews[Name] & Branded,
    language: string,
    addressAfterSwitch?: string,
  ): string
  /** What a part of a page says, as a text without its marks, to be kept on record. */
  said(name: 'consent-asks', view: ConsentAsks, language: string): string
  chooseLanguage(wanted: readonly string[]): string
  readonly languages: readonly string[]
  /** A file that pages link to, by its name without the hash. */
  asset(name: string): Asset | undefined
  /** The digest of the one script (SRI). */
  readonly scriptIntegrity: string
  /** The path our pages live under, without a trailing slash; empty unless the issuer has one. */
  readonly publicPath: string
}

/** A page that is shown for a client may carry its colours, and of the shop's own also its logo and links. */
export type Branded = { readonly clientBrand?: ClientFacts | undefined }

/** What a shop may change about its pages. */
export type PagesOptions = {
  /** Replaces any of the views; what it does not have comes from ours. */
  readonly viewsDirectory?: string
  readonly publicPath?: string
  /** Where the customer's account is, below the public path; pages lead to it. */
  readonly accountPath?: string
  readonly brand: Brand
}

const STYLE = 'style.css'
const SCRIPT = 'page.js'
/** The views of this server; a directory of a shop's own lies over it. */
export const OWN_VIEWS = fileURLToPath(new URL('../../views', import.meta.url))

/**
 * Reads and compiles all templates, texts and assets at once: nothing touches the disk while a person waits.
 *
 * @throws when a template does not compile or a language file is not a flat object of texts.
 */
export function createPages({ viewsDirectory, publicPath = '', accountPath, brand }: PagesOptions): Pages {
  const directories = viewsDirectory ? [OWN_VIEWS, viewsDirectory] : [OWN_VIEWS]
  const eta = compileTemplates(directories)
  const languages = readLanguages(directories)
  const brands = createPageBrands(brand, { publicPath, accountPath, iconFile: newest(directories, 'icon.svg') })
  const style = readStyle(directories, brands.sheet)
  // Ours alone: what runs on these pages is no matter of looks.
  const script = readAsset([join(OWN_VIEWS, SCRIPT)], 'text/javascript; charset=utf-8')
  const files = new Map([
    [STYLE, style],
    [SCRIPT, script],
  ])
  const url = (name: string, asset: Asset) => `${publicPath}/assets/${hashedName(name, asset)}`
  const shop = {
    assets: { style: url(STYLE, style), script: url(SCRIPT, script) },
    integrity: script.integrity,
    shop: { name: brand.name },
  }

  const names = languages.tags.map((tag) => ({ tag, name: nameOf(tag) }))
  const switcher = { action: `${publicPath}/language`, languages: names }

  return {
    render(name, view, tag, to) {
      const { t, minutes, duration, instant, money, tag: language } = languages.get(tag)
      const languageSwitch = to !== undefined && names.length > 1 && { ...switcher, to, current: nameOf(language) }
      const shown = { ...shop, brand: brands.forPage(view.clientBrand), languageSwitch }
      return eta.render(`@${name}`, { ...view, ...shown, t, minutes, duration, instant, money, language }).trimStart()
    },
    said(name, view, tag) {
      const { t, minutes, duration, instant, money, tag: language } = languages.get(tag)
      const html = eta.render(`@${name}`, { ...shop, ...view, t, minutes, duration, instant, money, language })
      return textOf(html)
    },
    chooseLanguage: languages.choose,
    languages: languages.tags,
    asset: (name) => files.get(name) ?? brands.asset(name),
    scriptIntegrity: script.integrity,
    publicPath,
  }
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }

/** A line for each part of a page that is not empty. Our templates escape nothing but these. */
function textOf(html: string): string {
  const bare = html.replaceAll(/<[^>]*>/g, '')
  const lines = bare.replaceAll(/&(#?\w+);/g, (whole, name: string) => ENTITIES[name] ?? whole).split('\n')
  return lines
    .map((line) => line.trim().replaceAll(/\s+/g, ' '))
    .filter(Boolean)
    .join('\n')
}

/** What a language calls itself. */
function nameOf(tag: string): string {
  return new Intl.DisplayNames([tag], { type: 'language' }).of(tag) ?? tag
}

/** The parts of the account's pages have a folder of their own, and its name before theirs. */
const FOLDERS = ['', 'account/']

function compileTemplates(directories: readonly string[]): Eta {
  const eta = new Eta({ autoEscape: true })
  for (const directory of directories) {
    for (const folder of FOLDERS.filter((each) => existsSync(join(directory, each)))) {
      for (const file of readdirSync(join(directory, folder)).filter((name) => name.endsWith('.eta'))) {
        const name = folder + file.slice(0, -'.eta'.length)
        eta.loadTemplate(`@${name}`, readFileSync(join(directory, folder, file), 'utf8'))
      }
    }
  }
  return eta
}

/** Ours or the shop's, then the colours of the brand, then what the shop adds as `brand.css`. */
function readStyle(directories: readonly string[], brandSheet: string): Asset {
  const read = (name: string) => {
    const path = newest(directories, name)
    if (path === undefined) return ''
    const sheet = readFileSync(path, 'utf8')
    return dirname(path) === directories[0] ? shorten(sheet) : sheet
  }
  const sheets = [read('common.css'), read('style.css'), brandSheet, read('brand.css')]
  return makeAsset(Buffer.from(sheets.join('')), 'text/css; charset=utf-8')
}

/** Our sheets without comments and the spaces that lines begin with, which no browser needs. No text in them has either. */
function shorten(sheet: string): string {
  return sheet.replaceAll(/\/\*.*?\*\//gs, '').replaceAll(/^\s+/gm, '')
}

function newest(directories: readonly string[], name: string): string | undefined {
  return directories.map((directory) => join(directory, name)).findLast((candidate) => existsSync(candidate))
}
