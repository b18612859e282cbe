import { hash, randomBytes } from 'node:crypto'
import type { Context } from 'koa'
import { type KoaContextWithOIDC, Provider } from 'oidc-provider'
import { cookieHome, cookieName, pageCookie } from '../../http/cookie-names.ts'
import { storeAlso } from '../library-values.ts'

/** Knows the browser that an interaction began in. */
export type InteractionBrowser = {
  /** What is kept of the browser's mark; it gets one first if it has none. */
  mark(ctx: Context): string
  /** Whether the request comes from the browser that `interaction` began in. */
  began(ctx: Context, interaction: object): boolean
}

const VALUE = /^[\w-]{43}$/

/**
 * A random cookie, of which an interaction keeps the digest. The library's own cookies are below the interaction's path,
 * so that their names cannot say `__Host-`: another subdomain could plant those of an interaction of its own, let a person
 * sign in to that, and go on with it elsewhere (session fixation, RFC 9700 §4.7).
 */
export function createInteractionBrowser(issuer: string): InteractionBrowser {
  const home = cookieHome(issuer)
  const name = cookieName('vestibule.browser', home)

  function read(ctx: Context): string | undefined {
    const value = ctx.cookies.get(name, { signed: false })
    return value && VALUE.test(value) ? value : undefined
  }

  return {
    mark(ctx) {
      const value = read(ctx) ?? randomBytes(32).toString('base64url')
      ctx.cookies.set(name, value, { ...pageCookie(home), overwrite: true })
      return digest(value)
    },
    began(ctx, interaction) {
      // Ours, beside the library's fields; one that began with an earlier release has none.
      const { browser } = interaction as { browser?: string }
      if (browser === undefined) return true
      const value = read(ctx)
      return value !== undefined && digest(value) === browser
    },
  }
}

/** Has each interaction keep the browser it begins in, and the library find it in that browser only. */
export function keepInteractionsInTheirBrowser(provider: Provider): void {
  const browsers = createInteractionBrowser(provider.issuer)
  const Model = provider.Interaction as unknown as Model // its published type is generic over its own instances
  storeAlso(Model, ['browser'])
  const { save } = Model.prototype
  Model.prototype.save = function saveWithBrowser(ttlSeconds) {
    const ctx = requestUnderWay()
    // Our pages save it again, outside of the library's requests.
    if (ctx) this.browser ??= browsers.mark(ctx)
    return save.call(this, ttlSeconds)
  }
  const find = Model.find.bind(Model)
  Model.find = async (id, options) => {
    const [found, ctx] = [await find(id, options), requestUnderWay()]
    return found && ctx && !browsers.began(ctx, found) ? undefined : found
  }
}

function requestUnderWay(): Context | undefined {
  // The library's context is Koa's, with a copy of its types.
  return Provider.ctx as (KoaContextWithOIDC & Context) | undefined
}

function digest(value: string): string {
  return hash('sha256', value, 'base64url')
}

type Interaction = { browser?: string; save(ttlSeconds: number): Promise<string> }
type Model = {
  readonly prototype: Interaction
  find(id: string, options?: object): Promise<Interaction | undefined>
}
