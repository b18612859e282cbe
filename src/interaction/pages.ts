import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Eta } from 'eta'
import { type Asset, readAsset } from '../http/assets.ts'
import { readLanguages } from './languages.ts'
import type { PageName, PageViews } from './page-views.ts'

/** The templates, texts and assets, ready to be shown. */
export type Pages = {
  /** The whole HTML document; `language` is one that `chooseLanguage` gave. */
  render<Name extends PageName>(name: Name, view: PageViews[Name], language: string): string
  chooseLanguage(wanted: readonly string[]): string
  readonly languages: readonly string[]
  readonly assets: Readonly<Record<'style.css' | 'icon.svg', Asset>>
  /** The path our pages live under, without a trailing slash; empty unless the issuer has one. */
  readonly publicPath: string
}

/** What a shop may change about its pages. */
export type PagesOptions = {
  /** Replaces any of the views; what it does not have comes from ours. */
  readonly viewsDirectory?: string
  readonly publicPath?: string
  readonly shop?: { readonly name: string }
}

const ownViews = fileURLToPath(new URL('../../views', import.meta.url))

/**
 * Reads and compiles all templates, texts and assets at once: nothing touches the disk while a person waits.
 *
 * @throws when a template does not compile or a language file is not a flat object of texts.
 */
export function createPages({
  viewsDirectory,
  publicPath = '',
  shop = { name: 'Vestibule' },
}: PagesOptions = {}): Pages {
  const directories = viewsDirectory ? [ownViews, viewsDirectory] : [ownViews]
  const eta = compileTemplates(directories)
  const languages = readLanguages(directories)
  const pathOf = (name: string) => newest(directories, name)
  const assets = {
    'style.css': readAsset([pathOf('common.css'), pathOf('style.css')], 'text/css; charset=utf-8'),
    'icon.svg': readAsset([pathOf('icon.svg')], 'image/svg+xml'),
  }
  const url = (name: keyof typeof assets) => `${publicPath}/assets/${name}?v=${assets[name].hash}`
  const urls = { style: url('style.css'), icon: url('icon.svg') }

  return {
    render(name, view, tag) {
      const { t, minutes, tag: language } = languages.get(tag)
      return eta.render(`@${name}`, { ...view, t, minutes, language, shop, assets: urls }).trimStart()
    },
    chooseLanguage: languages.choose,
    languages: languages.tags,
    assets,
    publicPath,
  }
}

function compileTemplates(directories: readonly string[]): Eta {
  const eta = new Eta({ autoEscape: true })
  for (const directory of directories) {
    for (const name of readdirSync(directory).filter((file) => file.endsWith('.eta'))) {
      eta.loadTemplate(`@${name.slice(0, -'.eta'.length)}`, readFileSync(join(directory, name), 'utf8'))
    }
  }
  return eta
}

function newest(directories: readonly string[], name: string): string {
  const path = directories.map((directory) => join(directory, name)).findLast((candidate) => existsSync(candidate))
  return path ?? join(ownViews, name)
}
