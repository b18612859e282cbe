import { expect, test } from 'vitest'
import { basicAuth, readForm } from './http.ts'

test('client credentials are form-encoded before they are joined (RFC 6749 §2.3.1)', () => {
  const { authorization } = basicAuth('a client', 'se:cret%')
  expect(Buffer.from(authorization.slice('Basic '.length), 'base64').toString()).toBe('a+client:se%3Acret%25')
})

test('a form is read with its hidden fields and its action', () => {
  const html = `<h1>Hi</h1><form method="post" action="/login?a=1&amp;b=2">
    <input type="hidden" name="csrf" value="&quot;x&quot;"><input name="login" data-name="no"><input type="submit">
  </form>`
  expect(readForm(html, 'http://localhost:1/interaction/abc')).toEqual({
    action: 'http://localhost:1/login?a=1&b=2',
    fields: { csrf: '"x"', login: '' },
  })
})

test('a form without an action goes to its own page', () => {
  expect(readForm('<form></form>', 'http://localhost:1/here').action).toBe('http://localhost:1/here')
})
