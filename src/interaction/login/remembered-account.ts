import type { Context } from 'koa'
import type { Proof, Proofs } from '../../customers/proof.ts'
import { cookieHome, cookieName, pageCookie } from '../../http/cookie-names.ts'
import { seal, unseal } from '../../storage/seal.ts'

/** The account that last signed in on a browser whose person wants to be known again. */
export type RememberedAccount = {
  /** Looks the account up, once for each request, before a page is shown. */
  load(ctx: Context): Promise<void>
  /** Its address as of now; undefined where the browser remembers none. Only after `load`. */
  emailIn(ctx: Context): string | undefined
  /** Remembers the account, in place of another one. */
  keep(ctx: Context, proof: Proof): void
  forget(ctx: Context): void
}

export type RememberedAccountDeps = {
  readonly proofs: Pick<Proofs, 'measure'>
  readonly issuer: string
  /** Secrets that cookies are sealed with, newest first; all of them are accepted. */
  readonly keys: readonly [string, ...string[]]
}

const CONTEXT = 'remembered account'
const MAX_AGE_MS = 180 * 86_400_000
/** In characters. Ours is shorter. */
const LONGEST = 1000

/**
 * A cookie that only this server can read, and that is good for a name on the sign-in page alone: nobody is signed in by it.
 * A sign-out everywhere, a new password or address, a block and a deletion end it.
 */
export function createRememberedAccount({ proofs, issuer, keys }: RememberedAccountDeps): RememberedAccount {
  const home = cookieHome(issuer)
  const name = cookieName('vestibule.account', home)
  const loaded = new WeakMap<Context, string>()

  function read(ctx: Context): unknown {
    const value = ctx.cookies.get(name, { signed: false }) ?? ''
    if (value === '' || value.length > LONGEST) return undefined
    const text = keys.map((key) => unseal(key, CONTEXT, value)).find((opened) => opened !== undefined)
    return text === undefined ? undefined : JSON.parse(text)
  }

  return {
    async load(ctx) {
      const stored = read(ctx)
      if (stored === undefined) return
      // The page is shown without the name as well: also while customers cannot be looked up.
      const measured = await proofs.measure(stored).catch(() => undefined)
      if (measured) loaded.set(ctx, measured.customer.email)
    },
    emailIn: (ctx) => loaded.get(ctx),
    keep(ctx, proof) {
      const value = seal(keys[0], CONTEXT, JSON.stringify(proof))
      ctx.cookies.set(name, value, { ...pageCookie(home), overwrite: true, maxAge: MAX_AGE_MS })
    },
    forget(ctx) {
      loaded.delete(ctx)
      ctx.cookies.set(name, null, { ...pageCookie(home), overwrite: true })
    },
  }
}
