import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postJson } from '../support/http.ts'
import { PRODUCTION } from '../support/production.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { startTestServer, type TestServer, type TestSettings } from '../support/server.ts'
import { runCommand } from './run-command.ts'
import { magentoFile, type Person, type ShopFile, sprykerFile } from './shop-files.ts'

/** Two files of this many customers; with more of them it is the same. */
const SIZE = 100
const SETTINGS: TestSettings = {
  ...PRODUCTION,
  DEMO: 'false',
  DIALECTS: 'magento,spryker',
  DIALECT_CLIENTS: 'magento=storefront,spryker=storefront',
}
const SHOPS = { magento: magentoFile(SIZE), spryker: sprykerFile(SIZE) }

type Report = Record<'created' | 'updated' | 'unchanged' | 'refused' | 'line', number>
type Problem = { readonly line: number; readonly customerReference?: string; readonly reason: string }

let server: TestServer
let directory: string
beforeAll(async () => {
  server = await startTestServer(SETTINGS)
  directory = temporaryDirectory('two-shops')
  expect((await vestibule(['clients', 'create', 'storefront', '--preset', 'dialect'])).code).toBe(0)
})
afterAll(() => server?.stop())

const vestibule = (args: readonly string[], input?: string) =>
  runCommand(args, { DATA_DIR: server.config.DATA_DIR }, input)

async function importFile(path: string, ...flags: string[]) {
  const { code, stdout, stderr } = await vestibule(['customers', 'import', path, '--json', ...flags])
  const lines = stdout.split('\n').filter(Boolean)
  const said = lines.map((line) => JSON.parse(line) as { report?: Report; problem?: Problem })
  const report = said.find((each) => each.report)?.report
  if (!report) throw new Error(`no report: ${stderr}`)
  return { code, report, problems: said.flatMap(({ problem }) => problem ?? []) }
}

const fileOf = (name: string, content: string | Buffer): string => {
  const path = join(directory, name)
  writeFileSync(path, content)
  return path
}

/** What an operator makes of the refused lines: corrected where there is a person, dropped where it is a second row. */
const mendedLines = ({ odd }: ShopFile): string =>
  [...odd.values()].flatMap(({ mended }) => (mended ? `${JSON.stringify(mended)}\n` : [])).join('')

describe.each(Object.entries(SHOPS))('the customers of the %s shop', (name, shop) => {
  const mended = [...shop.odd.values()].flatMap(({ mended, joins }) => (mended ? { line: mended, joins } : []))
  const own = mended.filter(({ joins }) => joins === undefined)

  test('are reported by a dry run, row by row, as the import then reports them', async () => {
    const path = fileOf(`${name}.ndjson`, shop.bytes)
    const tried = await importFile(path, '--dry-run')
    expect(tried.report).toMatchObject({
      created: shop.people.length,
      updated: 0,
      unchanged: 0,
      refused: shop.odd.size,
    })
    expect(tried.report.line - tried.report.created - tried.report.refused).toBe(shop.blankLines)
    expect(tried.problems.map(({ line }) => line)).toEqual([...shop.odd.keys()])
    for (const { line, reason } of tried.problems) {
      const odd = shop.odd.get(line)
      expect(reason, odd?.what).toMatch(odd?.reason as RegExp) // the lines are those of the map
    }

    const refused = join(directory, `${name}-refused.ndjson`)
    const stored = await importFile(path, '--refused', refused)
    expect([{ ...stored.report, elapsedSeconds: 0 }, stored.problems]).toEqual([
      { ...tried.report, elapsedSeconds: 0 },
      tried.problems,
    ])
    const kept = readFileSync(refused, 'utf8').trimEnd().split('\n')
    const isLatin1 = ({ what }: { what: string }) => what === 'a line in Latin-1'
    expect(kept.length).toBe([...shop.odd.values()].filter((odd) => !isLatin1(odd)).length)
  })

  test('are all here once the refused rows are mended, and a repeated import changes nothing', async () => {
    const path = fileOf(`${name}-mended.ndjson`, mendedLines(shop))
    const again = await importFile(path)
    const updated = mended.length - own.length
    expect([again.code, again.report]).toMatchObject([0, { created: own.length, updated, refused: 0 }])
    const repeated = await importFile(path)
    expect(repeated.report).toMatchObject({ created: 0, updated: 0, unchanged: mended.length, refused: 0 })

    const { stdout } = await vestibule(['customers', 'export-all'])
    const stored = stdout.split('\n').filter(Boolean)
    const references = stored.map((line) => (JSON.parse(line) as Person).customerReference)
    const wanted = [...shop.people, ...own.map(({ line }) => line)].map(({ customerReference }) => customerReference)
    const prefix = name === 'magento' ? 'M2--' : 'DE--'
    expect(references.filter((reference) => reference.startsWith(prefix)).toSorted()).toEqual(wanted.toSorted())
  })

  const kinds = new Map(shop.people.map((person) => [person.kind, person]))
  test.each([...kinds.values()])('$kind: $customerReference signs in with their own password', async (person) => {
    const right = await signIn(name, person)
    expect(right.status, await right.text()).toBe(OK[name as keyof typeof OK][person.kind === 'unconfirmed' ? 1 : 0])
    expect((await signIn(name, { ...person, password: `${person.password}0` })).status).toBe(401)
  })
})

test('who has an account in both shops has one here, with the password of the first and the companies of the second', async () => {
  const joined = [...SHOPS.spryker.odd.values()].filter(({ joins }) => joins)
  expect(joined.length).toBeGreaterThan(1)
  for (const { joins, mended } of joined) {
    const person = SHOPS.magento.people.find(({ customerReference }) => customerReference === joins)
    const answer = await signIn('spryker', person as Person) // of the generator, which names one who exists
    const { data } = (await answer.json()) as { data: { attributes: { idCompanyUser: string } } }
    expect(JSON.stringify(mended)).toContain(`"${data.attributes.idCompanyUser}"`)
  }
})

/** What the shop's own API answers, to who is confirmed and to who is not. */
const OK = { magento: [200, 401], spryker: [201, 403] } as const

function signIn(shop: string, { email: username, password }: Person): Promise<Response> {
  return shop === 'magento'
    ? postJson(`${server.url}/rest/V1/integration/customer/token`, { username, password })
    : postJson(`${server.url}/access-tokens`, { data: { type: 'access-tokens', attributes: { username, password } } })
}
