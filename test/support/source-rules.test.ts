import { expect, test } from 'vitest'
import { defaultExportViolations, dependencyViolations, environmentViolations, homeViolations } from './source-rules.ts'

const source = (path: string, ...lines: string[]) => ({ path, text: lines.join('\n') })
const homes = (path: string, line: string) => homeViolations([source(path, line)])

test('a package is imported at home', () => {
  expect(homes('src/oauth/grants/password.ts', "import { errors } from 'oidc-provider'")).toEqual([])
  expect(homes('src/database/embedded.ts', "import { PGlite } from '@electric-sql/pglite'")).toEqual([])
  expect(homes('src/log.ts', "import { pino } from 'pino'")).toEqual([])
  expect(homes('src/clients/client.ts', "import { z } from 'zod'")).toEqual([])
})

test('a package away from home is named with its home', () => {
  expect(homes('src/app.ts', "import Provider from 'oidc-provider'")).toEqual([
    'src/app.ts → oidc-provider: the home of oidc-provider is src/oauth/',
  ])
  expect(homes('src/http/rate-limit.ts', "import type { Redis } from 'ioredis'")).toHaveLength(1)
  expect(homes('src/keys/store.ts', "import dialect from 'knex/lib/dialects/postgres/index.js'")).toHaveLength(1)
})

test('where only types are welcome, a value is refused', () => {
  expect(homes('src/clients/registry.ts', "import type { Knex } from 'knex'")).toEqual([])
  expect(homes('src/clients/registry.ts', "import { type Knex } from 'knex'")[0]).toContain('its types only')
  expect(homes('src/admin/api.ts', "import type { Knex } from 'knex'")).toHaveLength(1)
})

test('an unknown package is refused until it is listed, and so is a Node module without node:', () => {
  expect(homes('src/app.ts', "import _ from 'lodash'")[0]).toContain('no home is listed for lodash')
  expect(homes('src/app.ts', "import { readFile } from 'fs/promises'")[0]).toContain('no home is listed for fs')
  expect(homes('src/app.ts', "import { readFile } from 'node:fs/promises'")).toEqual([])
})

test('a package of one file is refused in two', () => {
  const [one, two] = ['src/http/mail.ts', 'src/admin/mail.ts'].map((path) =>
    source(path, "import { createTransport } from 'nodemailer'"),
  ) as [ReturnType<typeof source>, ReturnType<typeof source>]
  expect(homeViolations([one])).toEqual([])
  expect(homeViolations([one, two])).toEqual([
    'src/http/mail.ts, src/admin/mail.ts → nodemailer: only one file imports nodemailer',
  ])
})

test('a dependency nobody imports and an import nobody declared are both found', () => {
  const sources = [source('src/log.ts', "import { pino } from 'pino'", "import { z } from 'zod'")]
  expect(dependencyViolations(sources, ['pino', 'eta'])).toEqual([
    'package.json → eta: nothing in src imports this dependency',
    'src/log.ts → zod: not among the dependencies of package.json',
  ])
})

test('default exports are found in each of their forms', () => {
  const isRefused = (line: string) => defaultExportViolations([source('src/app.ts', line)]).length === 1
  expect(isRefused('export default function app() {}')).toBe(true)
  expect(isRefused('export { app as default }')).toBe(true)
  expect(isRefused("export { default } from './app.ts'")).toBe(true)
  expect(isRefused("export { default as app } from './app.ts'")).toBe(false)
  expect(isRefused('export const settings = { default: 1 }')).toBe(false)
  expect(isRefused('// export default is not used here')).toBe(false)
})

test('the environment is found in each of its forms, and not in comments', () => {
  const isRefused = (line: string, path = 'src/app.ts') =>
    environmentViolations([source(path, line)], ['src/config.ts']).length === 1
  expect(isRefused('const port = process.env.PORT')).toBe(true)
  expect(isRefused("const port = process['env'].PORT")).toBe(true)
  expect(isRefused("import { env } from 'node:process'")).toBe(true)
  expect(isRefused('const port = process.env.PORT', 'src/config.ts')).toBe(false)
  expect(isRefused('/** Does not read process.env. */')).toBe(false)
})
