import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LocalProvider, startLocalProvider } from '../support/local-provider.ts'
import { startPageServer } from './page-server.ts'

let shop: Awaited<ReturnType<typeof startPageServer>>
let company: LocalProvider
beforeAll(async () => {
  shop = await startPageServer()
  company = await startLocalProvider()
})
afterAll(async () => {
  await shop?.stop()
  await company?.stop()
})

test('goes as its page says: a company, Google, Apple and Entra, and signing out', async () => {
  const secrets = { COMPANY_SECRET: company.secret, GOOGLE_SECRET: 'a secret', ENTRA_SECRET: 'another secret' }
  const walk = shop.walk(
    'docs/how-to/sign-in-elsewhere.md',
    { 'https://login.company.example': company.issuer },
    secrets,
  )
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' })
  writeFileSync(join(walk.directory, 'AuthKey_ABC123DEFG.p8'), key)

  const made = await walk.next('create company.json')
  expect(made).toContain(`${shop.server.url}/upstreams/company/callback`)
  expect(made).toContain(`company answers as ${company.issuer}`)
  expect(await walk.next('google.json')).toContain('google is added')
  expect(await walk.next('apple.json')).toContain('apple is added')
  const listed = await walk.next('entra.json')
  expect(listed).toMatch(/apple +Apple +apple +enabled.*company.*entra +Microsoft.*google/s)
  expect(await walk.next('update company')).toBe('company is changed\n')
  walk.end()

  const page = await fetch(`${shop.server.adminUrl}/v1/upstreams/company`, {
    headers: { authorization: `Bearer ${shop.token}` },
  })
  expect(await page.json()).toMatchObject({ upstream: { signs_out: true }, hasSecret: true })
})
