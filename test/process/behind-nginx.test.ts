import { createHash, createPublicKey, X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decode, obtainCode, ordersService, read, redeem, sonia } from '../endpoints/client.ts'
import { addClient } from '../storage/shop.ts'
import { describeOn } from '../support/describe-on.ts'
import { basicAuth, postForm } from '../support/http.ts'
import { waitFor } from '../support/wait-for.ts'
import { CERTIFICATE_HEADER, clientCertificate, send, startProxiedShop, VERIFIED_HEADER } from './proxied-shop.ts'
import { describeLoad, startSteadyLoad } from './steady-load.ts'

type Shop = Awaited<ReturnType<typeof startProxiedShop>>
type Certificate = ReturnType<typeof clientCertificate>

/** The lines of the access log of both nodes that `wanted` names. */
const logged = ({ nodes }: Shop, wanted: (line: Record<string, unknown>) => boolean) =>
  nodes.map((node) =>
    node
      .stdout()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(wanted),
  )

describeOn('nginx', 'two nodes behind nginx, configured as the how-to says', () => {
  describeOn('postgres', 'on one Postgres', () => {
    let shop: Shop
    beforeAll(async () => {
      shop = await startProxiedShop()
    })
    afterAll(() => shop?.stop())

    test('have one address, which is https, whatever they listen on', async () => {
      const { body, headers } = await send(`${shop.issuer}/.well-known/openid-configuration`)
      expect(body).toMatchObject({ issuer: shop.issuer, token_endpoint: `${shop.issuer}/token` })
      expect(headers['strict-transport-security']).toBeDefined()
    })

    test('let a browser sign in while its requests go to one and the other in turn', async () => {
      const { code, verifier, jar } = await obtainCode(shop.issuer)
      const { status, body } = await read(redeem(shop.issuer, code, verifier))
      expect(status).toBe(200)
      expect(decode(body.access_token).payload).toMatchObject({ iss: shop.issuer, customer_reference: 'DE--21' })
      expect(jar.get(shop.issuer, '__Host-vestibule_session')).toBeDefined()
      const isStep = ({ path }: Record<string, unknown>) => /^\/(authorize|interaction|token)/.test(String(path))
      await waitFor(() => logged(shop, isStep).every((ofOneNode) => ofOneNode.length > 1), { what: 'steps on both' })
    })

    test('know who is at the other end of the proxy, and believe nobody else about it', async () => {
      const spoofed = { 'X-Forwarded-For': '203.0.113.9' }
      const marks = ['/from-afar', '/from-next-endpoint'] as const
      await send(`${shop.issuer}${marks[0]}`, { headers: spoofed, from: '127.0.0.3' })
      await fetch(`${shop.nodes[0].url}${marks[1]}`, { headers: spoofed })
      const seen = await waitFor(() => {
        const lines = logged(shop, ({ path }) => marks.some((mark) => mark === path)).flat()
        return lines.length === marks.length && lines
      })
      expect(seen.map(({ path, ip }) => [path, ip]).sort()).toEqual([
        [marks[0], '127.0.0.3'],
        [marks[1], '127.0.0.1'],
      ])
    })

    test('lose no request through it when one is told to stop under load', async () => {
      const own = await startProxiedShop()
      try {
        const load = await startSteadyLoad(own.issuer, { clients: 4 })
        const more = async () => {
          const answered = load.answered()
          await waitFor(() => load.answered() > answered + 150, { what: 'load' })
        }
        await more()
        expect((await own.nodes[0].end('SIGTERM')).code).toBe(0)
        await more()
        const figures = await load.stop()
        console.log(describeLoad('a node left nginx', figures))
        expect(figures.failures).toEqual([])
      } finally {
        await own.stop()
      }
    })

    describe('client certificates', () => {
      const CLIENT_CREDENTIALS = { grant_type: 'client_credentials' }
      let registered: Certificate
      let stranger: Certificate
      let vouchedFor: Certificate
      let selfMade: Certificate
      let bySelf: string
      let byAuthority: string
      beforeAll(async () => {
        const { directory, authority, nodes } = shop
        registered = clientCertificate(directory, 'registered', '/CN=registered')
        stranger = clientCertificate(directory, 'stranger', '/CN=registered')
        vouchedFor = clientCertificate(directory, 'vouched-for', '/O=Shop/CN=warehouse', authority)
        selfMade = clientCertificate(directory, 'self-made', '/O=Shop/CN=warehouse')
        const machine = { grant_types: ['client_credentials'], default_scope: undefined }
        bySelf = await addClient(nodes[0], {
          ...machine,
          token_endpoint_auth_method: 'self_signed_tls_client_auth',
          tls_client_certificate_bound_access_tokens: true,
          jwks: { keys: [asKey(registered)] },
        })
        byAuthority = await addClient(nodes[0], {
          ...machine,
          token_endpoint_auth_method: 'tls_client_auth',
          tls_client_auth_subject_dn: 'CN=warehouse, O=Shop',
        })
      })

      const askFor = (client_id: string, certificate?: Certificate, url = shop.mtlsUrl, headers = {}) =>
        send(`${url}/token`, { form: { client_id, ...CLIENT_CREDENTIALS }, certificate, headers })

      test('have their endpoints and methods in the metadata', async () => {
        const { body } = await send(`${shop.issuer}/.well-known/openid-configuration`)
        expect(body).toMatchObject({
          tls_client_certificate_bound_access_tokens: true,
          mtls_endpoint_aliases: { token_endpoint: `${shop.mtlsUrl}/token` },
        })
        expect(body.token_endpoint_auth_methods_supported).toEqual(
          expect.arrayContaining(['self_signed_tls_client_auth', 'tls_client_auth']),
        )
      })

      test('that are registered authenticate their client, and its token is bound to the certificate', async () => {
        const { status, body } = await askFor(bySelf, registered)
        expect(status).toBe(200)
        const token = String(body.access_token)
        const confirmation = { 'x5t#S256': thumbprint(registered) }
        expect(decode(token).payload.cnf).toEqual(confirmation)
        const form = { token }
        const seen = await send(`${shop.issuer}/introspect`, { form, headers: ordersService })
        expect(seen.body).toMatchObject({ active: true, cnf: confirmation })
        for (const other of [stranger, vouchedFor, undefined]) {
          const refused = await askFor(bySelf, other)
          expect([refused.status, refused.body.error]).toEqual([401, 'invalid_client'])
        }
      })

      test('of an authority authenticate by their name, and only if the proxy verified them', async () => {
        expect((await askFor(byAuthority, vouchedFor)).status).toBe(200)
        for (const other of [selfMade, registered, undefined]) {
          const refused = await askFor(byAuthority, other)
          expect([refused.status, refused.body.error]).toEqual([401, 'invalid_client'])
        }
      })

      test('hold tokens of people too: without the certificate they are worth nothing', async () => {
        const client_id = await addClient(shop.nodes[0], { tls_client_certificate_bound_access_tokens: true })
        const form = { grant_type: 'password', client_id, ...sonia, scope: 'openid customer' }
        const tokens = (await send(`${shop.mtlsUrl}/token`, { form, certificate: registered })).body
        const headers = { authorization: `Bearer ${tokens.access_token}` }
        const userinfo = (certificate?: Certificate) => send(`${shop.mtlsUrl}/userinfo`, { headers, certificate })
        expect((await userinfo(registered)).status).toBe(200)
        expect((await userinfo(stranger)).status).toBe(401)
        expect((await userinfo()).status).toBe(401)

        const again = { grant_type: 'refresh_token', client_id, refresh_token: String(tokens.refresh_token) }
        const refresh = (certificate?: Certificate) => send(`${shop.mtlsUrl}/token`, { form: again, certificate })
        for (const other of [stranger, undefined]) expect((await refresh(other)).body.error).toBe('invalid_grant')
        expect((await refresh(registered)).status).toBe(200)
      })

      test('are not believed from anybody but the proxy, nor where the proxy asks for none', async () => {
        const forged = {
          [CERTIFICATE_HEADER]: encodeURIComponent(vouchedFor.cert),
          [VERIFIED_HEADER]: 'SUCCESS',
        }
        const form = { client_id: byAuthority, ...CLIENT_CREDENTIALS }
        const direct = await read(postForm(`${shop.nodes[0].url}/token`, form, forged))
        expect([direct.status, direct.body.error]).toEqual([401, 'invalid_client'])
        const atPublicAddress = await askFor(byAuthority, undefined, shop.issuer, forged)
        expect([atPublicAddress.status, atPublicAddress.body.error]).toEqual([401, 'invalid_client'])
        const overAnother = await askFor(byAuthority, stranger, shop.mtlsUrl, forged)
        expect([overAnother.status, overAnother.body.error]).toEqual([401, 'invalid_client'])
      })

      test('leave clients with secrets as they are', async () => {
        const headers = basicAuth('orders-service', 'orders-service-secret')
        const { status, body } = await send(`${shop.mtlsUrl}/token`, { form: CLIENT_CREDENTIALS, headers })
        expect(status).toBe(200)
        expect(decode(String(body.access_token)).payload.cnf).toBeUndefined()
      })
    })
  })
})

function asKey({ cert, base64 }: Certificate): object {
  return { ...createPublicKey(cert).export({ format: 'jwk' }), x5c: [base64] }
}

function thumbprint({ cert }: Certificate): string {
  return createHash('sha256').update(new X509Certificate(cert).raw).digest('base64url')
}
