import type { Context, Middleware } from 'koa'
import { cookieHome } from '../../http/cookie-names.ts'
import { isOfAnotherSite } from '../../http/other-site.ts'
import { readForm } from '../../http/read-body.ts'
import { seeOther } from '../../http/see-other.ts'
import { chooseLanguage } from '../page-languages.ts'
import type { Pages } from '../pages.ts'

/** A longer address is not kept in a page. */
const LONGEST_ADDRESS = 1000
const LIMIT_BYTES = 8 * 1024
const IN_AN_INTERACTION = /^\/interaction\/[\w-]+(?=\/|$)/

/**
 * Where a person goes on who chooses another language on this page: to the page itself, or to the interaction that an
 * answered form is of. None where asking once more would show another page, or the address holds a secret.
 */
export function addressAfterSwitch(
  ctx: Context,
  publicPath: string,
  { status = 200, hasSecretAddress = false }: { readonly status?: number; readonly hasSecretAddress?: boolean },
): string | undefined {
  const [interaction] = IN_AN_INTERACTION.exec(ctx.path) ?? []
  if (interaction !== undefined && status !== 400) return publicPath + interaction
  if (ctx.method !== 'GET' || status >= 400 || hasSecretAddress) return undefined
  const address = publicPath + ctx.path + ctx.search
  return address.length > LONGEST_ADDRESS ? undefined : address
}

/** Takes a chosen language in. Other sites choose none, and what is no address of ours leads to the start page. */
export function createLanguageSwitch({
  pages,
  issuer,
}: {
  readonly pages: Pick<Pages, 'languages' | 'publicPath'>
  readonly issuer: string
}): Middleware {
  const home = cookieHome(issuer)
  return async function switchLanguage(ctx) {
    const { language, to = '' } = await readForm(ctx, { limitBytes: LIMIT_BYTES })
    const tag = pages.languages.find((known) => known === language)
    if (tag !== undefined && !isOfAnotherSite(ctx)) chooseLanguage(ctx, tag, home)
    seeOther(ctx, ownAddress(to, issuer, pages.publicPath))
  }
}

function ownAddress(to: string, issuer: string, publicPath: string): string {
  const start = `${publicPath}/`
  const { origin } = new URL(issuer)
  if (!to.startsWith('/') || !URL.canParse(to, origin)) return start
  const url = new URL(to, origin)
  const isOurs = url.origin === origin && url.pathname.startsWith(start) && !url.pathname.startsWith('//')
  return isOurs ? url.pathname + url.search : start
}
