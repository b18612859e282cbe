import { readColor } from '../../brand-colors.ts'
import { type Asset, hashedName, makeAsset, readAsset } from '../../http/assets.ts'
import type { ClientFacts } from '../../oauth/browser/ways-out.ts'
import { safeLink } from '../safe-link.ts'
import type { Brand, BrandLinks, Logo } from './brand.ts'
import { brandSheet } from './brand-sheet.ts'
import { letterIcon } from './icon.ts'

/** A logo as a page shows it. */
type LogoView = { readonly url: string; readonly width?: number; readonly height: number }

/** The brand as the layout of a page shows it. */
export type PageBrand = {
  readonly name: string
  /** The shop, or the start page of this server. */
  readonly home: string
  /** The shop, where it has an address. */
  readonly shop?: string
  readonly start: string
  /** The customer's account, where there is one. */
  readonly account?: string
  /** `dark` takes its place on dark pages. */
  readonly logo?: LogoView & { readonly dark?: LogoView }
  readonly icon: { readonly url: string; readonly type: string }
  /** A stylesheet with the colours of the client. */
  readonly sheet?: string
  readonly links: BrandLinks
}

/** The files of a brand, and what pages show of it. */
export type PageBrands = {
  /** Variables for the end of the stylesheet. */
  readonly sheet: string
  asset(name: string): Asset | undefined
  /**
   * With a client, in its colours. The shop's own also brings its logo and links; on others' behalf the page stays the
   * shop's: a person must see whom they give their password to.
   */
  forPage(client?: ClientFacts): PageBrand
}

const CSS = 'text/css; charset=utf-8'
/** How high the logo of a client is; its own size is not known. */
const CLIENT_LOGO_HEIGHT = 48
/** A logo this close to a square is good for an icon. */
const NEARLY_SQUARE = 1.2

type PageBrandsOptions = {
  readonly publicPath: string
  readonly iconFile?: string | undefined
  readonly accountPath?: string | undefined
}

/** `iconFile` is an icon of the shop's own; without one it is a square logo, or the first letter of the name. */
export function createPageBrands(brand: Brand, { publicPath, iconFile, accountPath }: PageBrandsOptions): PageBrands {
  const { name, logo, logoDark, color, colorDark, home, links } = brand
  const start = `${publicPath}/`
  const assets = new Map<string, Asset>()
  const publish = (fileName: string, asset: Asset) => {
    assets.set(fileName, asset)
    return `${publicPath}/assets/${hashedName(fileName, asset)}`
  }
  const shown = (stem: string, { asset, ending, width, height }: Logo): LogoView => {
    return { url: publish(`${stem}.${ending}`, asset), width, height }
  }
  const ownIcon = iconFile === undefined ? undefined : readAsset([iconFile], 'image/svg+xml')
  const iconAsset = ownIcon ?? squareLogo(brand) ?? makeAsset(letterIcon(name, color), 'image/svg+xml')
  const icon = {
    url: publish(iconAsset === logo?.asset ? `icon.${logo.ending}` : 'icon.svg', iconAsset),
    type: iconAsset.type,
  }
  const shop: PageBrand = {
    name,
    home: home ?? start,
    ...(home !== undefined && { shop: home }),
    start,
    ...(accountPath !== undefined && { account: publicPath + accountPath }),
    ...(logo && { logo: { ...shown('logo', logo), ...(logoDark && { dark: shown('logo-dark', logoDark) }) } }),
    icon,
    links,
  }

  return {
    sheet: brandSheet(color, colorDark),
    asset: (fileName) => assets.get(fileName) ?? clientSheet(fileName),
    forPage(client) {
      if (!client) return shop
      const clientColor = readColor(client.color ?? '')
      const own = client.isFirstParty ? ofClient(client, links) : {}
      const sheetName = clientColor && `client-${clientColor.slice(1)}.css`
      const sheetAsset = sheetName && clientSheet(sheetName)
      return {
        ...shop,
        ...own,
        ...(sheetAsset && { sheet: `${publicPath}/assets/${hashedName(sheetName, sheetAsset)}` }),
      }
    },
  }
}

/** Made of nothing but its name: what a page linked to once is there for as long as this server. */
function clientSheet(fileName: string): Asset | undefined {
  const [, digits] = /^client-([\da-f]{6})\.css$/.exec(fileName) ?? []
  return digits === undefined ? undefined : makeAsset(Buffer.from(brandSheet(`#${digits}`)), CSS)
}

function ofClient({ name, logoUri, homeUri, policyUri, tosUri }: ClientFacts, links: BrandLinks): Partial<PageBrand> {
  const [logo, home, privacy, terms] = [logoUri, homeUri, policyUri, tosUri].map(safeLink)
  return {
    ...(logo && { name, logo: { url: logo, height: CLIENT_LOGO_HEIGHT } }),
    ...(home && { home, shop: home }),
    links: { ...links, ...(privacy && { privacy }), ...(terms && { terms }) },
  }
}

function squareLogo({ logo }: Brand): Asset | undefined {
  if (!logo) return undefined
  const ratio = Math.max(logo.width, logo.height) / Math.min(logo.width, logo.height)
  return ratio <= NEARLY_SQUARE ? logo.asset : undefined
}
