import { afterAll, beforeAll, expect, test } from 'vitest'
import { introspect, read, ron } from '../../endpoints/client.ts'
import { postJson } from '../../support/http.ts'
import { lettersIn } from '../../support/outbox.ts'
import type { TestServer } from '../../support/server.ts'
import { waitFor } from '../../support/wait-for.ts'
import { ADDRESS, requestToken, SITE, SITE_PASSWORDS, STOREFRONT, signIn, startSapShop } from './shop.ts'

const LOGIN = { username: `${ADDRESS}|${SITE}`, password: SITE_PASSWORDS[SITE] }
const PATH = `/occ/v2/${SITE}/users/anonymous/verificationToken`

let server: TestServer
let clientToken: string
beforeAll(async () => {
  server = await startSapShop()
  clientToken = (await requestToken(server.url, { grant_type: 'client_credentials', ...STOREFRONT })).body.access_token
})
afterAll(() => server?.stop())

const ask = (members: object, bearer: string | undefined = clientToken) =>
  read(postJson(server.url + PATH, members, bearer ? { authorization: `Bearer ${bearer}` } : {}))
const asked = { purpose: 'LOGIN', loginId: LOGIN.username, password: LOGIN.password }

const mails = () => lettersIn(server.config.DATA_DIR)

test('a customer signs in with the code from a mail, which goes to the address without its site, once', async () => {
  const { status, body } = await ask(asked)
  expect([status, Object.keys(body), body.expiresIn]).toEqual([201, ['tokenId', 'expiresIn'], '600'])
  await waitFor(async () => mails().length > 0, { what: 'a mail' })
  const [mail = ''] = mails()
  expect(mail).toContain(`To: ${ADDRESS}\n`)
  const password = /code for .+ is (\w+)\./.exec(mail)?.[1] ?? ''
  const redeem = (code: string) =>
    requestToken(server.url, { grant_type: 'password', ...STOREFRONT, username: body.tokenId, password: code })
  const wrong = await redeem('aaaaaa')
  expect([wrong.status, wrong.body.error_description]).toEqual([400, 'Bad credentials'])
  const signedIn = await redeem(password)
  expect([signedIn.status, (await introspect(server.url, signedIn.body.access_token)).customer_reference]).toEqual([
    200,
    `SAP--${SITE}`,
  ])
  expect((await redeem(password)).status).toBe(400)
})

test('a wrong password and an unknown login get the same answer and no mail', async () => {
  const before = mails().length
  const answers = [await ask({ ...asked, password: 'wrong' }), await ask({ ...asked, loginId: 'nobody@shop.example' })]
  for (const { status, text } of answers) {
    expect([status, text]).toEqual([400, '{"errors":[{"message":"Bad credentials","type":"BadCredentialsError"}]}'])
  }
  // A mail that was asked for later is there: one that was asked for before would be too.
  expect((await ask({ ...asked, loginId: ron.username, password: ron.password })).status).toBe(201)
  await waitFor(async () => mails().length > before, { what: 'a mail' })
  expect(mails().length).toBe(before + 1)
})

test.each<[string, object, string | undefined, number, string]>([
  ['without a token', asked, '', 401, 'InvalidTokenError'],
  ['with a token that is none', asked, 'x', 401, 'InvalidTokenError'],
  ['for another purpose', { ...asked, purpose: 'REGISTRATION' }, undefined, 400, 'ValidationError'],
  ['without a login', { purpose: 'LOGIN' }, undefined, 400, 'ValidationError'],
  ['with a long login', { ...asked, loginId: 'a'.repeat(300) }, undefined, 400, 'ValidationError'],
  ['with a list', [], undefined, 400, 'HttpMessageNotReadableError'],
])('a request %s is refused in the words of the shop’s web services', async (_, members, bearer, status, type) => {
  const answer = await ask(members, bearer)
  expect([answer.status, answer.body]).toEqual([status, { errors: [expect.objectContaining({ type })] }])
})

test('the token of a customer asks for no code', async () => {
  const { access_token } = await signIn(server.url, ron)
  const { status, body } = await ask(asked, access_token)
  expect([status, body.errors[0].type]).toEqual([403, 'ForbiddenError'])
})
