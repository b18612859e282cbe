import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../../admin/administrators.ts'
import { createAuthenticator } from '../../support/authenticator.ts'
import { later } from '../../support/clock.ts'
import { describeOn } from '../../support/describe-on.ts'
import { query } from '../../support/sql.ts'
import { type HostedShop, isSignedIn, startHostedShop } from '../hosted-shop.ts'
import { RECOVERY_LINK } from '../mail-sink.ts'
import { type CreationOptions, customerWithPasskey, optionsOf, signInWith } from '../passkey-visitor.ts'
import { openSignedIn, pathOf, signedIn } from './account-visitor.ts'

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop()
})
afterAll(() => shop?.stop())

/** A customer who looks at their one passkey. */
async function atPasskeys() {
  const owner = await customerWithPasskey(shop)
  const page = await openSignedIn(owner.visitor, owner.customer, '/account/security')
  const [, id = ''] = page.html.match(/passkey-remove\?id=([\w-]+)/) ?? []
  return { ...owner, page, id }
}

/** Adds a passkey on the account page. */
async function addAnother({ visitor }: Awaited<ReturnType<typeof atPasskeys>>) {
  const authenticator = createAuthenticator(shop.server.url)
  const page = await visitor.open('/account/security/passkey-new')
  const { passkey, json } = authenticator.create(optionsOf<CreationOptions>(page, '/passkey-new'))
  return {
    authenticator,
    passkey,
    page: await visitor.submit(page, '/passkey-new', { credential: json }),
    before: page,
  }
}

describe('the passkeys of an account', () => {
  test('are listed, and the browser is told which there are', async () => {
    const { page, customer, passkey, visitor } = await atPasskeys()
    expect(page.html).toContain('A passkey')
    expect(page.html).toContain('not used yet')
    const signals = page.html.match(/data-passkey-signals="([^"]*)"/)?.[1]?.replaceAll('&quot;', '"') ?? ''
    const about = { rpId: 'localhost', userId: passkey.userHandle }
    expect(JSON.parse(signals)).toEqual({
      signalAllAcceptedCredentials: { ...about, allAcceptedCredentialIds: [passkey.id.toString('base64url')] },
      signalCurrentUserDetails: { ...about, name: customer.email, displayName: 'Sam' },
    })
    expect(page.headers.get('content-security-policy')).toContain("script-src 'sha384-")
    expect((await visitor.open('/account')).headers.get('content-security-policy')).not.toContain('script-src')
  })

  test('are told to the browser with another name and address, once these have changed', async () => {
    const { visitor } = await atPasskeys()
    const form = await visitor.open('/account/profile/edit')
    const done = await visitor.submit(form, '/account/profile/edit', { givenName: 'Alex', familyName: 'Kim' })
    expect(done.html).toMatch(/signalCurrentUserDetails[^>]*Alex Kim/)
    const { visitor: other } = await signedIn(shop)
    expect((await other.open('/account/profile')).headers.get('content-security-policy')).not.toContain('script-src')
  })

  test('are added after a fresh sign-in; the same authenticator is told that it has one', async () => {
    const owner = await atPasskeys()
    const { authenticator, passkey, page, before } = await addAnother(owner)
    const options = optionsOf<CreationOptions>(before, '/passkey-new')
    expect(options.excludeCredentials).toEqual([
      expect.objectContaining({ id: owner.passkey.id.toString('base64url') }),
    ])
    expect(pathOf(page)).toBe('/account/security?done=passkey-new')
    expect(isSignedIn(await signInWith({ authenticator, passkey }, shop.visitor()))).toBe(true)
  })

  test('get names, which come out encoded', async () => {
    const { visitor, id } = await atPasskeys()
    const form = await visitor.open(`/account/security/passkey-name?id=${id}`)
    const empty = await visitor.submit(form, '/passkey-name', { name: ' ' })
    expect(empty.status).toBe(422)
    const done = await visitor.submit(form, '/passkey-name', { name: `<b>${'x'.repeat(100)}` })
    expect(pathOf(done)).toBe('/account/security?done=passkey-name')
    expect(done.html).toContain(`&lt;b&gt;${'x'.repeat(57)}<`)
  })

  test('are removed after a fresh sign-in, with a mail, and sign nobody in from then on', async () => {
    const { customer, visitor, id, ...owner } = await atPasskeys()
    const form = await visitor.open(`/account/security/passkey-remove?id=${id}`)
    expect(pathOf(await visitor.submit(form, '/passkey-remove'))).toBe('/account/security?done=passkey-remove')
    expect((await signInWith(owner, shop.visitor())).status).toBe(422)
    await shop.sink.mailTo(customer.email, 1, /passkey was removed/)
    const trail = await ask(shop.server, OWNER, 'GET', `/v1/audit?customer=${customer.id}`)
    expect(trail.body.items).toContainEqual(
      expect.objectContaining({ type: 'passkey.removed', reason: 'by the customer' }),
    )
  })

  test.each(['passkey-name', 'passkey-remove'])('of somebody else are not there for %s', async (act) => {
    const [{ id }, { visitor, id: own }] = [await atPasskeys(), await atPasskeys()]
    for (const other of [id, 'no-uuid'])
      expect((await visitor.open(`/account/security/${act}?id=${other}`)).status).toBe(404)
    const form = await visitor.open(`/account/security/${act}?id=${own}`)
    const forged = { ...form, html: form.html.replaceAll(own, id) }
    expect((await visitor.submit(forged, `/${act}`, { name: 'mine' })).status).toBe(404)
  })

  test.each(['passkey-new', 'passkey-remove'])('ask for another sign-in when the last one is old: %s', async (act) => {
    const { customer, visitor, id, authenticator } = await atPasskeys()
    const form = await visitor.open(`/account/security/${act}?id=${id}`)
    const credential =
      act === 'passkey-new' ? authenticator.create(optionsOf<CreationOptions>(form, '/passkey-new')).json : ''
    const late = await later(() => visitor.submit(form, `/${act}`, { credential }), 601)
    expect(late.html).toContain('name="password"')
    expect((await later(() => visitor.open(`/account/security/${act}?id=${id}`), 601)).html).toContain(
      'name="password"',
    )
    const { body } = await ask(shop.server, OWNER, 'GET', `/v1/customers/${customer.id}/passkeys`)
    expect(body.items).toHaveLength(1)
  })

  test('a challenge of one session adds nothing in another', async () => {
    const [one, other] = [await atPasskeys(), await signedIn(shop)]
    const page = await one.visitor.open('/account/security/passkey-new')
    const { json } = createAuthenticator(shop.server.url).create(optionsOf<CreationOptions>(page, '/passkey-new'))
    const form = await other.visitor.open('/account/security/passkey-new')
    expect((await other.visitor.submit(form, '/passkey-new', { credential: json })).status).toBe(422)
    const again = await openSignedIn(shop.visitor(), one.customer, '/account/security/passkey-new')
    expect(again.status).toBe(200)
  })
})

describeOn('postgres', 'the passkeys of an account without a password', () => {
  test('keep a last way in: one passkey stays, of two that go at once as well', async () => {
    const owner = await atPasskeys()
    await addAnother(owner)
    const change = `update customers set password_scheme = null, password_hash = null where id = '${owner.customer.id}'`
    await query(shop.server.config.DATABASE_URL ?? '', change)
    const { html } = await owner.visitor.open('/account/security')
    const ids = [...html.matchAll(/passkey-remove\?id=([\w-]+)/g)].map(([, id]) => id)
    const forms = await Promise.all(ids.map((id) => owner.visitor.open(`/account/security/passkey-remove?id=${id}`)))
    const ends = await Promise.all(forms.map((form) => owner.visitor.submit(form, '/passkey-remove')))
    expect(ends.map(({ status }) => status).sort()).toEqual([200, 409])
  })
})

describe('a password recovery', () => {
  async function recover({ email }: { email: string }) {
    const visitor = shop.visitor()
    await visitor.submit(await visitor.open('/recovery'), '/recovery', { login: email })
    const { link } = await shop.sink.mailTo(email, 1, RECOVERY_LINK)
    return { visitor, page: await visitor.open(link) }
  }
  const NEW = { password: 'another good password', repeated: 'another good password' }

  test('shows the passkeys, and keeps those alone that the person knows', async () => {
    const owner = await atPasskeys()
    const strange = await addAnother(owner)
    const { visitor, page } = await recover(owner.customer)
    expect(page.html.match(/name="keep-/g)).toHaveLength(2)
    expect(page.html).not.toMatch(/name="keep-[^>]*checked/)
    const unticked = { ...page, html: page.html.replaceAll(/<input id="keep-[^>]*>/g, '') }
    const weak = await visitor.submit(unticked, '/recovery/new', {
      password: 'weak',
      repeated: 'weak',
      [`keep-${owner.id}`]: 'yes',
    })
    expect(weak.html.match(/name="keep-[^>]*checked/g), 'what was ticked stays, and nothing else').toEqual([
      expect.stringContaining(`keep-${owner.id}`),
    ])
    await visitor.submit(unticked, '/recovery/new', { ...NEW, [`keep-${owner.id}`]: 'yes' })
    expect((await signInWith(strange, shop.visitor())).status).toBe(422)
    expect(isSignedIn(await signInWith(owner, shop.visitor()))).toBe(true)
  })

  test('asks nothing of those who have none', async () => {
    const customer = await shop.addCustomer()
    const { page } = await recover(customer)
    expect(page.html).not.toContain('name="keep-')
  })
})
