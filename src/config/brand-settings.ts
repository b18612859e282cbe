import { z } from 'zod'
import { DEFAULT_BRAND_COLOR, readColor } from '../brand-colors.ts'
import { isPlain } from '../plain-text.ts'
import { isLoopbackIssuer, whyNoDemo } from './issuer.ts'
import type { Setting } from './setting.ts'

const name = z.string().min(1).max(60).refine(isPlain, 'must be one line without control or direction characters')

const color = z.string().transform((text, context) => {
  const read = readColor(text)
  if (read !== undefined) return read
  context.addIssue({ code: 'custom', message: 'must be a colour of six hexadecimal digits, such as #14665c' })
  return z.NEVER
})

/** What a page may link to: https, or http on this machine, without a name or password in it. */
const link = z.url({ protocol: /^https?$/ }).refine((value) => {
  const { protocol, username, password } = new URL(value)
  return !username && !password && (protocol === 'https:' || isLoopbackIssuer(value))
}, 'must begin with https: (http: on loopback only), without a user name or password')

/** Whose pages and mails they are, as customers see it. */
export const brandSettings = {
  BRAND_NAME: {
    type: name,
    sentence: 'The name of the shop on pages and in mails. Unset: the host of ISSUER; with the demo, "Demo shop".',
  },
  BRAND_LOGO: {
    type: z.string().min(1),
    sentence:
      'The logo on pages, and in mails if it is PNG or JPEG: a file (SVG, PNG, JPEG or WebP) of at most 20 KiB. Unset: the name.',
  },
  BRAND_LOGO_DARK: {
    type: z.string().min(1),
    sentence:
      'The logo on dark pages, under the same rules. Mails leave it out, because not all mail programs choose by theme. Unset: BRAND_LOGO.',
  },
  BRAND_COLOR: {
    type: color,
    default: DEFAULT_BRAND_COLOR,
    sentence:
      'The colour of buttons, links and the focus, as #rrggbb. Where it cannot be read, links get the nearest shade that can, and a warning names it.',
  },
  BRAND_COLOR_DARK: {
    type: color,
    sentence: 'The same for dark pages. Unset: made of BRAND_COLOR.',
  },
  BRAND_HOME_URL: {
    type: link,
    sentence: 'The address of the shop, which pages lead back to. Unset: the start page of this server.',
  },
  BRAND_SUPPORT_URL: {
    type: z.union([z.url({ protocol: /^mailto$/ }), link]),
    sentence: 'Where customers get help (https: or mailto:); linked on every page and in every mail.',
  },
  BRAND_PRIVACY_URL: { type: link, sentence: 'The privacy policy, linked on every page and in every mail.' },
  BRAND_TERMS_URL: { type: link, sentence: 'The terms, linked on every page.' },
  BRAND_IMPRINT_URL: { type: link, sentence: 'The imprint (legal notice), linked on every page and in every mail.' },
  VIEWS_DIR: {
    type: z.string().min(1),
    sentence:
      'A directory with templates, texts and styles that replace or extend those of this server; "vestibule views check" tells what does not fit.',
  },
} as const satisfies Record<string, Setting>

/** The name that customers see. */
export function brandName(config: {
  readonly BRAND_NAME?: string | undefined
  readonly ISSUER: string
  readonly DEMO: boolean
  readonly DATABASE_URL?: string | undefined
  readonly NODE_ENV: string
}): string {
  if (config.BRAND_NAME !== undefined) return config.BRAND_NAME
  const isDemo = config.DEMO && config.DATABASE_URL === undefined && whyNoDemo(config) === undefined
  return isDemo ? 'Demo shop' : new URL(config.ISSUER).host
}
