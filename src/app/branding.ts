import { statSync } from 'node:fs'
import { faintColor } from '../brand-colors.ts'
import { brandName, type Config, ConfigError } from '../config.ts'
import { issuerPath } from '../http/routing/issuer-path.ts'
import type { Brand } from '../interaction/brand/brand.ts'
import { readLogo } from '../interaction/brand/logo.ts'
import { createLetters, type WriteLetter } from '../interaction/letters.ts'
import { createPages, type Pages } from '../interaction/pages.ts'
import type { Log } from '../log.ts'

/** What customers see of the shop: its pages and its mails. */
export type Branding = { readonly pages: Pages; readonly writeLetter: WriteLetter }

/**
 * Reads templates, texts and logo once. Colours that cannot be read are a warning.
 *
 * @throws {ConfigError} for a logo or directory that cannot be used.
 */
export function openBranding(config: Config, log: Pick<Log, 'warn'>): Branding {
  const { ISSUER: issuer, VIEWS_DIR: viewsDirectory } = config
  const brand = readBrand(config)
  for (const problem of faintBrandColors(config)) log.warn({ event: 'brand.color-faint', problem })
  if (viewsDirectory !== undefined && !statSync(viewsDirectory, { throwIfNoEntry: false })?.isDirectory())
    throw new ConfigError([`VIEWS_DIR is ${viewsDirectory}, and that is no directory. Make it, or unset VIEWS_DIR.`])
  const views = { brand, ...(viewsDirectory !== undefined && { viewsDirectory }) }
  try {
    return {
      pages: createPages({ ...views, publicPath: issuerPath(issuer), accountPath: '/account' }),
      writeLetter: createLetters({ ...views, issuer }),
    }
  } catch (error) {
    // Ours are tested: it is one of the shop's own.
    const [reason] = String(error).split('\n')
    throw new ConfigError([`VIEWS_DIR: ${reason}. "npx vestibule views check" names the file.`])
  }
}

/** The brand that the settings make. @throws {ConfigError} for a logo that cannot be used. */
export function readBrand(config: Config): Brand {
  const { BRAND_LOGO, BRAND_LOGO_DARK, BRAND_COLOR_DARK: colorDark, BRAND_HOME_URL: home } = config
  const links = {
    support: config.BRAND_SUPPORT_URL,
    privacy: config.BRAND_PRIVACY_URL,
    terms: config.BRAND_TERMS_URL,
    imprint: config.BRAND_IMPRINT_URL,
  }
  return {
    name: brandName(config),
    color: config.BRAND_COLOR,
    ...(BRAND_LOGO !== undefined && { logo: logoAt('BRAND_LOGO', BRAND_LOGO) }),
    ...(BRAND_LOGO_DARK !== undefined && { logoDark: logoAt('BRAND_LOGO_DARK', BRAND_LOGO_DARK) }),
    ...(colorDark !== undefined && { colorDark }),
    ...(home !== undefined && { home }),
    links: Object.fromEntries(Object.entries(links).filter(([, url]) => url !== undefined)),
  }
}

/** A sentence with the corrected shade for each colour of the settings that cannot be read. */
export function faintBrandColors({
  BRAND_COLOR,
  BRAND_COLOR_DARK,
}: Pick<Config, 'BRAND_COLOR' | 'BRAND_COLOR_DARK'>): string[] {
  const light = faintColor(BRAND_COLOR, 'light')
  const dark = BRAND_COLOR_DARK === undefined ? undefined : faintColor(BRAND_COLOR_DARK, 'dark')
  return [
    ...(light === undefined ? [] : [`BRAND_COLOR ${light}`]),
    ...(dark === undefined ? [] : [`BRAND_COLOR_DARK ${dark}`]),
  ]
}

function logoAt(name: string, path: string) {
  try {
    return readLogo(path)
  } catch (error) {
    throw new ConfigError([`${name}: ${(error as Error).message}.`]) // readLogo and the file system throw errors
  }
}
