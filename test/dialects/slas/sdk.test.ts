import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestServer } from '../../support/server.ts'
import { decodeJwt, isActive, PRIVATE_CLIENT, partsOf, REDIRECT, RON, SECRET, sdkAt, startShop } from './shop.ts'

let server: TestServer
beforeAll(async () => {
  server = await startShop()
})
afterAll(() => server?.stop())

const registered = () => {
  const { helper } = sdkAt(server.url)
  return helper('loginRegisteredUserB2C', { credentials: RON, parameters: { redirectURI: REDIRECT } })
}

describe('the shop’s SDK, unchanged', () => {
  test('case 1: signs a guest in by a public client; gcid and usid are the same everywhere', async () => {
    const { helper } = sdkAt(server.url)
    const tokens = await helper('loginGuestUser', { parameters: { redirectURI: REDIRECT } })
    const { access_token = '', customer_id, usid } = tokens
    expect(partsOf(access_token)).toEqual([
      'uido:slas',
      'upn:Guest',
      'uidn:Guest User',
      `gcid:${customer_id}`,
      'chid:RefArch',
    ])
    expect(customer_id).toMatch(/^[a-z0-9]{26}$/)
    expect(decodeJwt(access_token).sub).toBe(`cc-slas::zzrf_001::scid:slas-spa::usid:${usid}`)
    expect(tokens).toMatchObject({
      token_type: 'Bearer',
      expires_in: 1800,
      id_token: '',
      enc_user_id: '',
      dnt: 'false',
    })
    expect(tokens.refresh_token).not.toBe('')
  })

  test('case 2: keeps the usid it is given, and says dnt in the token, also once it is refreshed', async () => {
    const { helper } = sdkAt(server.url)
    const usid = '6f1d1c06-2f63-4b43-9d19-d2d2f1b7a001'
    const parameters = { redirectURI: REDIRECT, usid, dnt: true }
    const tokens = await helper('loginGuestUser', { parameters })
    expect([tokens.usid, tokens.dnt, decodeJwt(String(tokens.access_token)).dnt]).toEqual([usid, 'true', '1'])
    const refreshed = await helper('refreshAccessToken', { parameters: { refreshToken: tokens.refresh_token } })
    expect([refreshed.usid, refreshed.dnt, decodeJwt(String(refreshed.access_token)).dnt]).toEqual([usid, 'true', '1'])
    expect(refreshed.customer_id).toBe(tokens.customer_id)
  })

  test('case 3: signs a registered customer in; the parts of the token are where it looks for them', async () => {
    const tokens = await registered()
    const parts = partsOf(String(tokens.access_token))
    expect(parts).toHaveLength(6)
    expect([parts[1], parts[4]]).toEqual([`upn:${RON.username}`, `rcid:${tokens.customer_id}`])
    expect(tokens.enc_user_id).toMatch(/^[0-9A-F]{32}$/)
  })

  test('case 6: signs a guest in by a private client, and not with a wrong secret', async () => {
    const { helper } = sdkAt(server.url, PRIVATE_CLIENT)
    const guest = (clientSecret: string) =>
      helper('loginGuestUserPrivate', { parameters: {}, credentials: { clientSecret } })
    expect(partsOf(String((await guest(SECRET)).access_token))[1]).toBe('upn:Guest')
    await expect(guest('wrong')).rejects.toThrow('401')
  })

  test('signs a registered customer in by a private client', async () => {
    const { helper } = sdkAt(server.url, PRIVATE_CLIENT)
    const credentials = { ...RON, clientSecret: SECRET }
    const tokens = await helper('loginRegisteredUserB2C', { credentials, parameters: { redirectURI: REDIRECT } })
    expect(partsOf(String(tokens.access_token))[1]).toBe(`upn:${RON.username}`)
  })

  test('refreshes: a public client gets another refresh token', async () => {
    const { helper } = sdkAt(server.url)
    const { refresh_token: refreshToken } = await registered()
    const next = await helper('refreshAccessToken', { parameters: { refreshToken } })
    expect(next.refresh_token).not.toBe(refreshToken)
    await expect(helper('refreshAccessToken', { parameters: { refreshToken } })).rejects.toThrow('400')
    const after = await helper('refreshAccessToken', { parameters: { refreshToken: next.refresh_token } })
    expect(after.access_token).toBeTruthy()
  })

  test('signs out: both tokens are dead', async () => {
    const { helper } = sdkAt(server.url)
    const { access_token: accessToken = '', refresh_token: refreshToken } = await registered()
    await helper('logout', { parameters: { accessToken, refreshToken } })
    expect(await isActive(server.url, accessToken)).toBe(false)
    await expect(helper('refreshAccessToken', { parameters: { refreshToken } })).rejects.toThrow('400')
  })
})
