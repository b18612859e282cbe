import { type BrandShades, brandShades, darkTwin } from '../../brand-colors.ts'

/** The colours of a brand as the variables of `views/common.css`, for light and for dark pages. */
export function brandSheet(color: string, colorDark: string = darkTwin(color)): string {
  return `:root{${variables(brandShades(color, 'light'))}}
@media (prefers-color-scheme: dark){:root{${variables(brandShades(colorDark, 'dark'))}}}
`
}

function variables({ brand, brandHover, onBrand, link, linkHover }: BrandShades): string {
  const values = {
    brand,
    'brand-hover': brandHover,
    'on-brand': onBrand,
    link,
    'link-hover': linkHover,
    focus: link,
    success: link,
  }
  return Object.entries(values)
    .map(([name, value]) => `--v-color-${name}:${value}`)
    .join(';')
}
