import { DEFAULT_BRAND_COLOR } from '../../brand-colors.ts'
import type { Asset } from '../../http/assets.ts'

/** Addresses that every page of a brand leads to. */
export type BrandLinks = {
  readonly support?: string
  readonly privacy?: string
  readonly terms?: string
  readonly imprint?: string
}

/** A picture with its size in pixels, so that nothing moves when it arrives. */
export type Logo = { readonly asset: Asset; readonly ending: string; readonly width: number; readonly height: number }

/** Whose pages and mails these are, for customers. */
export type Brand = {
  readonly name: string
  readonly logo?: Logo
  /** Takes its place on dark pages. */
  readonly logoDark?: Logo
  /** Colours as `#rrggbb`; the dark one is made of the other unless given. */
  readonly color: string
  readonly colorDark?: string
  /** The shop's own address. */
  readonly home?: string
  readonly links: BrandLinks
}

/** A brand with nothing but its name. */
export function plainBrand(name: string): Brand {
  return { name, color: DEFAULT_BRAND_COLOR, links: {} }
}
