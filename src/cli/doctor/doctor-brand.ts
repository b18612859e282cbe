import type { ListedClient } from '../../clients/registry.ts'
import { type Config, ConfigError } from '../../config.ts'
import type { AdminClient } from '../command/admin-client.ts'
import { bad, type Finding, ok } from './findings.ts'

/** What customers see: colours that cannot be read, logos and views that cannot be used. */
export async function examineBrand(config: Config): Promise<Finding[]> {
  const { faintBrandColors, openBranding } = await import('../../app/branding.ts')
  try {
    openBranding(config, { warn: () => {} })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map((detail) => bad('brand', detail))
  }
  const corrected = faintBrandColors(config).map((detail) => ok('brand', detail))
  const looks = corrected.length > 0 ? corrected : [ok('brand', 'the colours can be read on light and on dark pages')]
  return [...looks, ...(await viewsOf(config))]
}

/** Colours of clients that cannot be read. Pages correct them, so nothing is ill. */
export async function examineClientColors(admin: AdminClient): Promise<Finding[]> {
  const { faintColor, readColor } = await import('../../brand-colors.ts')
  const clients = await admin.list<ListedClient>('/v1/clients')
  return clients.flatMap(({ metadata: { client_id, brand_color } }) => {
    const color = typeof brand_color === 'string' ? readColor(brand_color) : undefined
    const faint = color === undefined ? undefined : faintColor(color, 'light')
    return faint === undefined ? [] : [ok('brand', `the brand_color of "${client_id}", ${faint}`)]
  })
}

async function viewsOf({ VIEWS_DIR }: Config): Promise<Finding[]> {
  if (VIEWS_DIR === undefined) return []
  const { checkViews } = await import('../../interaction/preview/check-views.ts')
  const problems = checkViews(VIEWS_DIR).filter(({ kind }) => kind === 'problem')
  if (problems.length === 0) return [ok('views', 'what VIEWS_DIR replaces fits this release')]
  return problems.map(({ file, message }) => bad('views', `${file} in VIEWS_DIR: ${message}.`))
}
