import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Eta } from 'eta'
import type { Letter } from '../customers/recovery/recovery-letters.ts'
import type { Mail } from '../mail.ts'
import type { Brand } from './brand/brand.ts'
import { mailBrand } from './brand/mail-brand.ts'
import { readLanguages } from './languages.ts'
import { OWN_VIEWS } from './pages.ts'

/** Turns what is to be said into a mail. */
export type WriteLetter = (letter: Letter) => Mail

export type LettersOptions = {
  /** Links lead here or to a page that a setting names, whatever a request called this server. */
  readonly issuer: string
  /** Replaces any of the views; what it does not have comes from ours. */
  readonly viewsDirectory?: string
  readonly brand: Brand
}

/** What a shop must say below its mails, and where help is. */
const FOOTER = ['support', 'privacy', 'imprint'] as const

/**
 * Reads the templates of mails: `mails/KIND.html.eta` and `mails/KIND.text.eta`, or `letter` for a kind without its own.
 *
 * @throws when a template does not compile.
 */
export function createLetters({ issuer, viewsDirectory, brand }: LettersOptions): WriteLetter {
  const directories = viewsDirectory ? [OWN_VIEWS, viewsDirectory] : [OWN_VIEWS]
  const languages = readLanguages(directories)
  const { links } = brand
  const shown = mailBrand(brand, issuer)
  const html = compile(directories, '.html.eta', { autoEscape: true })
  const text = compile(directories, '.text.eta', { autoEscape: false })

  return function writeLetter({ kind, to, languages: wanted, givenName, path, shopPage, token, ...rest }) {
    const { t, tag, duration } = languages.get(languages.choose(wanted))
    const values = { ...rest.values, shop: brand.name, email: to, duration: duration(rest.ttlSeconds ?? 0) }
    const say = (part: string) => (t.has(`mail.${kind}.${part}`) ? t(`mail.${kind}.${part}`, values) : undefined)
    const view = {
      language: tag,
      direction: t('language.direction'),
      brand: shown,
      shop: { name: brand.name },
      footer: FOOTER.flatMap((name) => (links[name] ? [{ text: t(`foot.${name}`), url: links[name] }] : [])),
      automatic: t('mail.automatic', { shop: brand.name }),
      greeting: givenName ? t('mail.greeting', { name: givenName }) : t('mail.greeting.unnamed'),
      subject: t(`mail.${kind}.subject`, values),
      lead: say('lead'),
      hint: say('hint'),
      fallback: t('mail.fallback'),
      button:
        path === undefined
          ? undefined
          : {
              text: say('button'),
              url: shopPage?.replace('{key}', token ?? '') ?? address(issuer, path, { token, ui_locales: tag }),
            },
    }
    return { to, subject: view.subject, text: text(kind, view).trim(), html: html(kind, view).trim() }
  }
}

/** The page opens in the language of the letter. */
function address(
  issuer: string,
  path: string,
  { token, ui_locales }: Record<'token' | 'ui_locales', string | undefined>,
) {
  return `${issuer}${path}?${new URLSearchParams({ ...(token && { token }), ...(ui_locales && { ui_locales }) })}`
}

function compile(directories: readonly string[], ending: string, options: { readonly autoEscape: boolean }) {
  const eta = new Eta(options)
  const names = new Set<string>()
  for (const folder of directories.map((directory) => join(directory, 'mails')).filter(existsSync)) {
    for (const file of readdirSync(folder).filter((name) => name.endsWith(ending))) {
      const name = file.slice(0, -ending.length)
      names.add(name)
      eta.loadTemplate(`@${name}`, readFileSync(join(folder, file), 'utf8'))
    }
  }
  return (kind: string, view: object) => eta.render(names.has(kind) ? `@${kind}` : '@letter', view)
}
