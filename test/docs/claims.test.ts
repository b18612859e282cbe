import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { claimsPage } from '../../src/cli/reference/claims-page.ts'
import { CLAIM_DIALECTS, CLAIM_PLACES } from '../../src/oauth/tokens/claim-entry.ts'
import { CLAIMS } from '../../src/oauth/tokens/claims-table.ts'
import { addClients } from '../dialects/slas/shop.ts'
import { SETTINGS } from '../dialects/token-kinds.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { collectClaims, type Seen } from './claim-collector.ts'

const PAGE = fileURLToPath(new URL('../../docs/claims.md', import.meta.url))

test('docs/claims.md says what the table of claims says', () => {
  expect(readFileSync(join(PAGE), 'utf8'), 'Run "npx vestibule claims --markdown > docs/claims.md".').toBe(claimsPage())
})

describe('the claims of real tokens', () => {
  let server: TestServer
  let seen: Seen
  beforeAll(async () => {
    server = await startTestServer({ ...SETTINGS, MAGENTO_TOKEN_FORMAT: 'jwt' })
    await addClients(server)
    seen = await collectClaims(server)
  })
  afterAll(() => server?.stop())

  const named = (has: (entry: (typeof CLAIMS)[string]) => boolean) =>
    Object.entries(CLAIMS).flatMap(([name, entry]) => (has(entry) ? name : []))

  test.each(CLAIM_PLACES)('are those that the table names, no more and no fewer: %s', (place) => {
    expect([...(seen.places.get(place) ?? [])].sort()).toEqual(named((entry) => entry.in.includes(place)).sort())
  })

  test.each(CLAIM_DIALECTS)(
    'are those that the table names, no more and no fewer, in access tokens of %s',
    (dialect) => {
      const names = named(({ dialects = [] }) => dialects.includes(dialect))
      expect([...(seen.dialects.get(dialect) ?? [])].sort()).toEqual(names.sort())
    },
  )
})
