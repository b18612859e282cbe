import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { openSignedIn } from '../interaction/account/account-visitor.ts'
import { type HostedShop, startHostedShop } from '../interaction/hosted-shop.ts'
import { type CreationOptions, openOffer, optionsOf } from '../interaction/passkey-visitor.ts'
import { createAuthenticator } from '../support/authenticator.ts'

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop()
})
afterAll(() => shop?.stop())

type Bend = (json: string) => string

const withObject =
  (object: string): Bend =>
  (json) =>
    json.replace(/"attestationObject":"[^"]*"/, `"attestationObject":"${object}"`)

const withCbor = (hex: string) => withObject(Buffer.from(hex, 'hex').toString('base64url'))

/** The honest object with other bytes. */
const withBytes =
  (change: (bytes: Buffer) => Buffer): Bend =>
  (json) => {
    const { response } = JSON.parse(json) as { response: { attestationObject: string } }
    return withObject(change(Buffer.from(response.attestationObject, 'base64url')).toString('base64url'))(json)
  }

/** The honest object with other bytes in place of these; hex. */
const withSwapped = (from: string, to: string) =>
  withBytes((bytes) => {
    const hex = bytes.toString('hex')
    expect(hex).toContain(from)
    return Buffer.from(hex.replace(from, to), 'hex')
  })

const AAGUID = '00'.repeat(16)
const KEY_BYTES = 77

const NONSENSE: readonly (readonly [string, Bend])[] = [
  ['nothing', () => ''],
  ['no JSON', () => '{'],
  ['null', () => 'null'],
  ['a list', () => '[]'],
  ['members of other types', () => JSON.stringify({ id: 1, rawId: [], type: {}, response: 'x' })],
  ['transports that are none', (json) => json.replace('"internal"', '"<script>"')],
  ['random bytes', withObject(randomBytes(300).toString('base64url'))],
  ['a number', withCbor('00')],
  ['an empty map', withCbor('a0')],
  ['maps without end', withCbor('bf'.repeat(4000))],
  ['lists in lists', withCbor('81'.repeat(4000))],
  ['a text of 4 GB', withCbor('7affffffff')],
  ['a list of more than there can be', withCbor('9bffffffffffffffff')],
  ['an object that is cut short', withBytes((bytes) => bytes.subarray(0, bytes.length - 40))],
  ['a key that is no key', withBytes((bytes) => Buffer.concat([bytes.subarray(0, -KEY_BYTES), randomBytes(77)]))],
  ['a key for an algorithm that was not asked for', withSwapped('a50102032620', 'a50102033822')],
  ['an attestation of an unknown kind', withSwapped('646e6f6e65', '64786f6e65')],
  ['an id longer than the data', withSwapped(`${AAGUID}0020`, `${AAGUID}ffff`)],
  ['more than a form may have', (json) => json + ' '.repeat(40_000)],
  ['an object of 20 KB', withObject('A'.repeat(20_000))],
]

test.each([
  ['at the offer', '/passkey-new'],
  ['at the offer, made by the browser', '/passkey-upgrade'],
  ['on the account page', '/security/passkey-new'],
])('a new passkey that is nonsense is an error of the person, and leaves nothing: %s', async (_, ending) => {
  const customer = await shop.addCustomer()
  const visitor = shop.visitor()
  const isOffer = !ending.startsWith('/security')
  if (!isOffer) await openSignedIn(visitor, customer)
  const first = isOffer ? await openOffer(visitor, customer) : await visitor.open(`/account${ending}`)
  for (const [what, bend] of NONSENSE) {
    const page = await visitor.open(first.url)
    const { json } = createAuthenticator(shop.server.url).create(optionsOf<CreationOptions>(page, ending))
    const { status } = await visitor.submit(page, ending, { credential: bend(json) })
    expect([400, 413, 422], `${what}: ${status}`).toContain(status)
  }
  const { body } = await ask(shop.server, OWNER, 'GET', `/v1/customers/${customer.id}/passkeys`)
  expect(body.items).toEqual([])
})
