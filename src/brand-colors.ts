/** The colour of a shop that names none. */
export const DEFAULT_BRAND_COLOR = '#14665c'
/** The most demanding ground that a link of a page stands on, in each theme; `views/common.css` has them. */
export const GROUNDS = { light: '#f4f4f1', dark: '#1a1f1e' } as const
/** WCAG 2.2 §1.4.3: what the colour of a text owes to the ground behind it. */
export const TEXT_CONTRAST = 4.5

/** How much lighter or darker a button is under the pointer, in points of lightness. */
const HOVER_STEP = 7
/** Where only the light colour is given, its dark twin stands out this much, with less saturation: it must not glare. */
const DARK_CONTRAST = 7
const DARK_SATURATION = 0.7

/** What a theme makes of one colour of a brand. */
export type BrandShades = {
  /** Buttons, in the colour as it was given, with the text on them. */
  readonly brand: string
  readonly brandHover: string
  readonly onBrand: string
  /** Links and the focus, in the nearest shade that can be read. */
  readonly link: string
  readonly linkHover: string
}

/** A colour as the settings and client members take it, in small letters: `#rgb` or `#rrggbb`, and nothing else of CSS. */
export function readColor(text: string): string | undefined {
  const [, digits] = /^#([\da-f]{6}|[\da-f]{3})$/i.exec(text) ?? []
  if (digits === undefined) return undefined
  return `#${digits.length === 3 ? digits.replaceAll(/./g, '$&$&') : digits}`.toLowerCase()
}

/** How much two colours (`#rrggbb`) stand out from each other, from 1 to 21 (WCAG 2.2, "contrast ratio"). */
export function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (light + 0.05) / (dark + 0.05)
}

/** The colour itself, or the nearest of its hue that stands out enough from `ground`. */
export function readableOn(ground: string, color: string, ratio: number = TEXT_CONTRAST): string {
  if (contrast(color, ground) >= ratio) return color
  const [hue, saturation, lightness] = toHsl(color)
  const step = luminance(ground) > 0.18 ? -0.5 : 0.5
  for (let at = lightness + step; at > 0 && at < 100; at += step) {
    const shade = fromHsl(hue, saturation, at)
    if (contrast(shade, ground) >= ratio) return shade
  }
  return step < 0 ? '#000000' : '#ffffff'
}

/** A sentence about a colour that cannot be read on pages of a theme, with the nearest shade that can; nothing about others. */
export function faintColor(color: string, theme: keyof typeof GROUNDS): string | undefined {
  const ratio = contrast(color, GROUNDS[theme])
  if (ratio >= TEXT_CONTRAST) return undefined
  const corrected = readableOn(GROUNDS[theme], color)
  return `${color} stands out ${ratio.toFixed(1)} to 1 from ${theme} pages, and links need ${TEXT_CONTRAST} (WCAG 2.2, 1.4.3): links are shown in ${corrected}, the nearest shade that can be read. Buttons keep the colour, with an edge in that shade.`
}

/** A brand's colour for dark pages, made of the one for light pages. */
export function darkTwin(color: string): string {
  const [hue, saturation, lightness] = toHsl(color)
  return readableOn(GROUNDS.dark, fromHsl(hue, saturation * DARK_SATURATION, lightness), DARK_CONTRAST)
}

/** The shades of a brand's colour on pages of a theme. */
export function brandShades(color: string, theme: keyof typeof GROUNDS): BrandShades {
  const onBrand = contrast(color, '#ffffff') >= TEXT_CONTRAST ? '#ffffff' : '#000000'
  const link = readableOn(GROUNDS[theme], color)
  return {
    brand: color,
    brandHover: shifted(color, onBrand === '#ffffff' ? -HOVER_STEP : HOVER_STEP),
    onBrand,
    link,
    linkHover: shifted(link, theme === 'light' ? -HOVER_STEP : HOVER_STEP),
  }
}

function shifted(color: string, points: number): string {
  const [hue, saturation, lightness] = toHsl(color)
  return fromHsl(hue, saturation, Math.min(100, Math.max(0, lightness + points)))
}

function channels(color: string): [number, number, number] {
  const at = (index: number) => Number.parseInt(color.slice(index, index + 2), 16) / 255
  return [at(1), at(3), at(5)]
}

function luminance(color: string): number {
  const [red, green, blue] = channels(color).map((share) =>
    share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4,
  )
  return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0)
}

/** Hue in degrees, saturation from 0 to 1, lightness from 0 to 100 (CSS Color 4 §7). */
function toHsl(color: string): [number, number, number] {
  const [red, green, blue] = channels(color)
  const [most, least] = [Math.max(red, green, blue), Math.min(red, green, blue)]
  const lightness = (most + least) / 2
  const range = most - least
  if (range === 0) return [0, 0, lightness * 100]
  const saturation = range / (1 - Math.abs(2 * lightness - 1))
  const sector =
    most === red
      ? ((green - blue) / range + 6) % 6
      : most === green
        ? (blue - red) / range + 2
        : (red - green) / range + 4
  return [sector * 60, saturation, lightness * 100]
}

function fromHsl(hue: number, saturation: number, lightness: number): string {
  const light = lightness / 100
  const channel = (offset: number) => {
    const at = (offset + hue / 30) % 12
    const share = light - saturation * Math.min(light, 1 - light) * Math.max(-1, Math.min(at - 3, 9 - at, 1))
    return Math.round(share * 255)
      .toString(16)
      .padStart(2, '0')
  }
  return `#${channel(0)}${channel(8)}${channel(4)}`
}
