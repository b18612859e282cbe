import { afterAll, beforeAll, expect, test } from 'vitest'
import { type DocumentServer, startDocumentServer } from '../support/document-server.ts'
import { startPageServer } from './page-server.ts'

let site: DocumentServer
let shop: Awaited<ReturnType<typeof startPageServer>>
beforeAll(async () => {
  site = await startDocumentServer()
  const { host } = new URL(site.listed)
  shop = await startPageServer({ CLIENT_METADATA_DOCUMENTS: 'listed', CLIENT_METADATA_HOSTS: host })
})
afterAll(async () => {
  await shop?.stop()
  await site?.stop()
})

test('letting in unknown apps goes as its page says', async () => {
  site.put('/client.json', {}, {}, site.listed)
  const walk = shop.walk('docs/how-to/unknown-clients.md', { 'app.example': new URL(site.listed).host })
  expect(await walk.next('check')).toContain('Shopping helper: sends people to https://app.example/callback')
  expect(await walk.next('list')).toContain('no documents')
  const blocked = await walk.next('block')
  expect(blocked).toContain('is blocked, and every token of its clients has ended')
  expect(blocked).toContain('asks for passwords')
  expect(blocked).toContain('is let in again')
  walk.end()
})

test('the runbook of an app that misbehaves goes as it says', async () => {
  site.put('/client.json', {}, {}, site.listed)
  const walk = shop.walk('docs/runbooks/unknown-clients.md', { 'https://app.example': site.listed })
  expect(await walk.next('block bad.example')).toContain('bad.example')
  expect(await walk.next('check')).toContain('Shopping helper')
  expect(await walk.next('unblock')).toContain('bad.example is let in again')
  walk.end()
})
