import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type HostedShop, startHostedShop } from '../interaction/hosted-shop.ts'
import { MAIL_ENDPOINTS } from './mail-endpoints.ts'

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop()
})
afterAll(() => shop?.stop())

/** As a proxy hands them on that is trusted, and that does not clear what a visitor sent along. */
const POISON = {
  'x-forwarded-host': 'evil.example',
  'x-forwarded-proto': 'http',
  'x-forwarded-port': '444',
  'x-forwarded-prefix': '/evil',
  'x-original-url': 'https://evil.example/',
  forwarded: 'host=evil.example;proto=http',
}
/** The confirmation is for customers who have none, and who know their password. */
const MAILING = MAIL_ENDPOINTS.filter(({ isForUnconfirmed }) => !isForUnconfirmed)

test.each(MAILING)(
  'a mail asked for at $name leads to the issuer, whatever host a trusted proxy names',
  async (endpoint) => {
    const customer = await shop.addCustomer()
    const askForMail = await endpoint.open(shop.server.url)
    const username = endpoint.registers ? `${randomUUID()}@example.com` : customer.email
    expect((await askForMail({ username, password: '' }, POISON)).status).toBe(endpoint.status)
    const { text, html, link } = await shop.sink.mailTo(username)
    expect(link.startsWith(`${shop.server.url}/`)).toBe(true)
    expect(text + html).not.toMatch(/evil|:444/)
  },
)
