import type { DialectAnswer } from '../../dialect.ts'

export type AgentPage = {
  readonly status: number
  readonly login?: string
  readonly needsCode?: boolean
  readonly problem?: string
}

/** The page on which an agent signs in before they act for a customer. It begins no session: each time they sign in again. */
export function agentPage({ status, login = '', needsCode = false, problem }: AgentPage): DialectAnswer {
  const alert = problem === undefined ? '' : `<p role="alert">${escapeHtml(problem)}</p>`
  const code = needsCode
    ? '<p><label>Code of your app <input name="code" inputmode="numeric" autocomplete="one-time-code" required></label></p>'
    : ''
  const body = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sign in to act for a customer</title>
<main><h1>Sign in to act for a customer</h1>${alert}
<form method="post">
<p><label>E-mail <input name="login" type="email" autocomplete="username" value="${escapeHtml(login)}" required></label></p>
<p><label>Password <input name="password" type="password" autocomplete="current-password" required></label></p>${code}
<p><button>Sign in</button></p>
</form></main></html>`
  return { status, headers: HEADERS, body }
}

/** No script runs here, and no other page may frame it. The form ends at the client, wherever that leads on to. */
const HEADERS: Readonly<Record<string, string>> = {
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
  // The form shows its origin: without a referrer browsers send "null".
  'Referrer-Policy': 'same-origin',
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}
