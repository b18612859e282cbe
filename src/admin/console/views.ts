import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Eta } from 'eta'
import { type Asset, hashedName, readAsset } from '../../http/assets.ts'
import { distance, type Instant, iso, length, utc } from './time-format.ts'

/** The console's templates and assets, ready to be shown. */
export type ConsoleViews = {
  /** The whole HTML document. */
  render(name: string, view: object): string
  /** A file of these names that pages link to. */
  asset(name: string): Asset | undefined
}

const VIEWS = fileURLToPath(new URL('../../../views', import.meta.url))
const SUFFIX = '.eta'

/** Reads and compiles everything at the start, so that no request waits for the disk. */
export function createConsoleViews(): ConsoleViews {
  const folder = join(VIEWS, 'console')
  const eta = new Eta({ autoEscape: true })
  const { escapeFunction: encode } = eta.config
  eta.configure({ escapeFunction: (value: unknown) => encode(plain(value)) })
  for (const file of readdirSync(folder).filter((name) => name.endsWith(SUFFIX))) {
    eta.loadTemplate(`@${file.slice(0, -SUFFIX.length)}`, readFileSync(join(folder, file), 'utf8'))
  }
  const assets: Readonly<Record<'console.css' | 'icon.svg', Asset>> = {
    'console.css': readAsset([join(VIEWS, 'common.css'), join(folder, 'console.css')], 'text/css; charset=utf-8'),
    'icon.svg': readAsset([join(folder, 'icon.svg')], 'image/svg+xml'),
  }
  const url = (name: keyof typeof assets) => `/console/assets/${hashedName(name, assets[name])}`
  const urls = { style: url('console.css'), icon: url('icon.svg') }

  return {
    asset: (name) => (name === 'console.css' || name === 'icon.svg' ? assets[name] : undefined),
    render(name, view) {
      const nowMs = Date.now()
      const words = { utc, iso, length, distance: (instant: Instant) => distance(instant, nowMs) }
      return eta.render(`@${name}`, { ...view, ...words, assets: urls }).trimStart()
    },
  }
}

/** Others' words among ours: no control or direction characters that could rearrange them (Unicode TR 36). */
function plain(value: unknown): string {
  const odd = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu
  return String(value ?? '').replace(odd, '\ufffd')
}
