import type { Context } from 'koa'

/** What a page needs beyond the strictest policy. */
export type PagePolicy = {
  /** A form of this page may end at a client. */
  readonly endsOutside?: boolean
  /** URLs of images from elsewhere, such as a client's logo. */
  readonly images?: readonly string[]
  /** The one script of the page, by its `integrity`; without it none runs. */
  readonly script?: string
  /** The page's address holds a token: it goes nowhere at all. Only for browsers that send Sec-Fetch-Site with forms. */
  readonly hasSecretAddress?: boolean
}

/**
 * No scripts but one by its digest, no frames, nothing from elsewhere but what `policy` names (CSP Level 3).
 *
 * Chromium holds `form-action` against every redirect that follows a form, those of the client's callback included: a
 * person would stop there, with the code spent. Where a callback leads on to is the client's affair, so no list of
 * origins is ever complete, and pages whose forms end at a client go without the directive. It would only add to what
 * keeps foreign forms off them: all text is escaped, no script but ours runs, and the address of each form is ours.
 */
export function contentSecurityPolicy({ endsOutside = false, images = [], script }: PagePolicy = {}): string {
  return [
    "default-src 'none'",
    ...(script ? [`script-src '${script}'`, "require-trusted-types-for 'script'"] : []),
    "style-src 'self'",
    ['img-src', "'self'", ...sources(images)].join(' '),
    ...(endsOutside ? [] : ["form-action 'self'"]),
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** What every page carries: it is not stored, framed or sniffed, and its address stays with us (RFC 9700 §4.16, §4.2). */
export function setPageHeaders(ctx: Context, policy?: PagePolicy): void {
  ctx.set({
    'Content-Security-Policy': contentSecurityPolicy(policy),
    'X-Frame-Options': 'DENY',
    'X-Content-Type-Options': 'nosniff',
    // Not `no-referrer`: browsers would then send `Origin: null` with our own forms.
    'Referrer-Policy': policy?.hasSecretAddress ? 'no-referrer' : 'same-origin',
    // A sign-in in a pop-up window reports back to the page that opened it.
    'Cross-Origin-Opener-Policy': 'unsafe-none',
    'Cache-Control': 'no-store',
    ...(policy?.script && { 'Permissions-Policy': PASSKEYS_ONLY }),
  })
}

/** What the script may ask the browser for. */
const PASSKEYS_ONLY =
  'publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), geolocation=(), microphone=(), payment=(), usb=()'

function sources(urls: readonly string[]): string[] {
  return [...new Set(urls.map(source).filter((found) => found !== undefined))]
}

/** A host source, or a scheme source for app schemes and IPv6 hosts, which a host source cannot name. */
function source(uri: string): string | undefined {
  if (!URL.canParse(uri)) return undefined
  const { protocol, hostname, host } = new URL(uri)
  if (!/^[a-z][a-z0-9+.-]*:$/.test(protocol) || /^(javascript|data|blob|file|about):$/.test(protocol)) return undefined
  if (protocol !== 'http:' && protocol !== 'https:') return protocol
  if (hostname.startsWith('[')) return protocol
  return /^[a-z0-9._-]+(:\d+)?$/.test(host) ? `${protocol}//${host}` : undefined
}
