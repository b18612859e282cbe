import type { ActionRoute, DialectAnswer } from '../dialect.ts'
import { failure } from './documents.ts'

const TOKEN = /^[\w.-]+$/
const ALREADY_SIGNED_IN = 'customer_page.error.customer_already_logged_in'

/** `GET /access-token/{token}`: a link signs a person in to the hosted pages. */
export function loginLink({ target }: { readonly target: string }): ActionRoute {
  return {
    method: 'GET',
    path: '/access-token/:token',
    isHosted: true,
    async act({ method, params, context }, services) {
      const { token = '' } = params
      if (!TOKEN.test(token)) return failure(404, undefined, 'Not Found', context)
      // Mail scanners look at links by HEAD: that must not use one up.
      if (method === 'HEAD') return page(200, '')
      const outcome = await services.signInByLink(token)
      if (outcome === 'invalid') return page(403, 'Invalid access token.')
      return redirect(outcome === 'signed-in' ? target : withNotice(target, ALREADY_SIGNED_IN))
    },
  }
}

/** The shop's page shows it: a glossary key, as the shop's own login by token leaves one for the next page. */
function withNotice(target: string, notice: string): string {
  const [page = '', fragment] = target.split('#')
  const parameter = `${page.includes('?') ? '&' : '?'}notice=${encodeURIComponent(notice)}`
  return `${page}${parameter}${fragment === undefined ? '' : `#${fragment}`}`
}

function redirect(target: string): DialectAnswer {
  return { status: 302, headers: { Location: target, 'Cache-Control': 'no-store' }, body: '' }
}

function page(status: number, text: string): DialectAnswer {
  return {
    status,
    headers: { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' },
    body: `<!doctype html><html lang="en"><meta charset="utf-8"><title>Sign in</title><p role="alert">${text}</p></html>`,
  }
}
