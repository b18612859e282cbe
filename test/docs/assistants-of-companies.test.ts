import { afterAll, beforeAll, expect, test } from 'vitest'
import { OWNER } from '../admin/administrators.ts'
import { decode, RON_ID, ron } from '../endpoints/client.ts'
import { type LinkedShop, startLinkedShop, type Trusted } from '../issuers/linked-shop.ts'
import { walkPage } from './page-walk.ts'

let shop: LinkedShop
let company: Trusted
beforeAll(async () => {
  shop = await startLinkedShop()
  company = await shop.trust('id-jag')
  await company.connect({ email: ron.username, password: ron.password }, 'ron')
})
afterAll(() => shop?.stop())

test('goes as its page says: a client, the company, a token for its assistant, and stopping it', async () => {
  const { adminUrl, url } = shop.server
  // The page adds the issuer by itself.
  const gone = await fetch(`${adminUrl}/v1/issuers/${company.id}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${OWNER}`, 'if-match': '*' },
  })
  expect(gone.status).toBe(204)
  const assertion = await company.assert({ sub: 'ron', client_id: 'company-assistant' })
  const walk = walkPage(
    'docs/how-to/assistants-of-companies.md',
    { 'https://login.company.example': company.provider.issuer },
    { ADMIN_URL: adminUrl, ADMIN_TOKEN: OWNER, ISSUER: url, ASSISTANT_SECRET: '', ID_JAG: assertion },
  )
  const [secret = ''] = /^[\w-]{43}$/m.exec(await walk.next('assistant.json')) ?? []
  expect(await walk.next('company.json')).toContain('company: 1 usable keys')
  const given = JSON.parse(await walk.next('assertion=$ID_JAG', { $ASSISTANT_SECRET: secret }))
  expect(given).toMatchObject({ token_type: 'Bearer', expires_in: 900, scope: 'company orders:read' })
  expect(decode(given.access_token).payload.sub).toBe(RON_ID)
  await walk.next('issuers disable company')
  walk.end()
  const again = await company.trade(assertion, {}, { authorization: `Basic ${btoa(`company-assistant:${secret}`)}` })
  expect(again).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
})
