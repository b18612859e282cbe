import { type BrandShades, brandShades, darkTwin } from '../../brand-colors.ts'
import { hashedName } from '../../http/assets.ts'
import type { Brand, BrandLinks } from './brand.ts'

/** The brand as a letter shows it: everything by its full address, for a mail program knows no other. */
export type MailBrand = {
  readonly name: string
  readonly home: string
  /** Mail programs show no SVG, and some no WebP. */
  readonly logo?: { readonly url: string; readonly width: number; readonly height: number }
  readonly light: BrandShades
  readonly dark: BrandShades
  readonly links: BrandLinks
}

const SHOWN_BY_ALL = ['image/png', 'image/jpeg']

/** What letters show of a brand whose pages are below `issuer`. */
export function mailBrand(brand: Brand, issuer: string): MailBrand {
  const { name, logo, color, colorDark = darkTwin(color), home = `${issuer}/`, links } = brand
  const isShown = logo !== undefined && SHOWN_BY_ALL.includes(logo.asset.type)
  return {
    name,
    home,
    ...(isShown && {
      logo: {
        url: `${issuer}/assets/${hashedName(`logo.${logo.ending}`, logo.asset)}`,
        width: logo.width,
        height: logo.height,
      },
    }),
    light: brandShades(color, 'light'),
    dark: brandShades(colorDark, 'dark'),
    links,
  }
}
