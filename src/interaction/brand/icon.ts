import { brandShades } from '../../brand-colors.ts'

/** The icon of a brand that brings none: the first letter of its name on its colour, as SVG. */
export function letterIcon(name: string, color: string): Buffer {
  const { brand, onBrand } = brandShades(color, 'light')
  const [first] = new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(name.trim())
  const letter = (first?.segment ?? '')
    .toUpperCase()
    .replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
  return Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="32" height="32">
<rect width="32" height="32" rx="8" fill="${brand}"/>
<text x="16" y="22.5" text-anchor="middle" font-family="system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif" font-size="18" font-weight="700" fill="${onBrand}">${letter}</text>
</svg>
`)
}
