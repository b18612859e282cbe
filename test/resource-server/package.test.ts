import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { filesIn, installPacked, packedResourceServer } from '../support/packed-resource-server.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { AUDIENCE, type FakeIssuer, startFakeIssuer } from './fake-issuer.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

let issuer: FakeIssuer
let directory: string

beforeAll(async () => {
  issuer = await startFakeIssuer()
  directory = temporaryDirectory('consumer')
  installPacked(directory, [])
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ type: 'module' }))
})
afterAll(() => issuer.stop())

test('the tarball holds what runs, its types and its licence, and no source', () => {
  const files = filesIn(packedResourceServer())
  expect(files).toEqual(
    expect.arrayContaining(['package.json', 'README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts']),
  )
  expect(files.filter((path) => !/^(package\.json|README\.md|LICENSE|dist\/.+\.(js|d\.ts))$/.test(path))).toEqual([])
})

test('it depends on jose alone, in a version that the server has as well', () => {
  const read = (path: string) => JSON.parse(readFileSync(join(ROOT, path), 'utf8'))
  const { dependencies, peerDependencies, scripts } = read('packages/resource-server/package.json')
  expect(dependencies).toEqual({ jose: read('package.json').dependencies.jose })
  expect(peerDependencies).toBeUndefined()
  expect(Object.keys(scripts).filter((name) => /install/.test(name))).toEqual([])
})

const SCRIPT = `
import { createResourceServer, requireScope } from '@vestibule/resource-server'
import { expressProtection } from '@vestibule/resource-server/express'
import { fastifyProtection } from '@vestibule/resource-server/fastify'
import { fetchProtection } from '@vestibule/resource-server/fetch'
import { koaProtection } from '@vestibule/resource-server/koa'
const server = createResourceServer({ issuer: process.env.ISSUER, audience: process.env.AUDIENCE })
for (const protection of [expressProtection, fastifyProtection, koaProtection]) protection(server).protect(requireScope('orders:read'))
const handle = fetchProtection(server).protect(requireScope('orders:read'), (_request, { subject }) => new Response(subject))
const ask = async (token) => {
  const response = await handle(new Request('http://x/', { headers: { authorization: 'Bearer ' + token } }))
  return [response.status, await response.text()]
}
console.log(JSON.stringify([await ask(process.env.TOKEN), await ask('a.b.c')]))
server.close()
`

test.each(['this Node', 'the Node that the machine has'])(
  'installed from the tarball it works with %s',
  async (which) => {
    const node = which === 'this Node' ? process.execPath : 'node'
    const { PATH } = process.env
    const { stdout: version } = await run(node, ['--version'], { env: { PATH } })
    if (Number(/\d+/.exec(version)?.[0]) < 20) return
    const env = { PATH, ISSUER: issuer.issuer, AUDIENCE, TOKEN: await issuer.token() }
    const { stdout } = await run(node, ['--input-type=module', '-e', SCRIPT], { cwd: directory, env })
    expect(JSON.parse(stdout)).toEqual([
      [200, 'customer-1'],
      [401, '{"error":"invalid_token"}'],
    ])
  },
)

const TYPED = `
import Fastify from 'fastify'
import express from 'express'
import Koa from 'koa'
import { type Access, AccessRefused, createResourceServer, requireScope } from '@vestibule/resource-server'
import { expressProtection } from '@vestibule/resource-server/express'
import { accessOf, fastifyProtection } from '@vestibule/resource-server/fastify'
import { fetchProtection } from '@vestibule/resource-server/fetch'
import { koaProtection } from '@vestibule/resource-server/koa'

const server = createResourceServer({ issuer: 'https://login.example', audience: 'a', whenUnreachable: 'closed' })
const rules = requireScope('orders:read')
express().get('/', expressProtection(server).protect(rules), (request, response) => {
  response.send(request.access?.subject)
})
Fastify().get('/', { onRequest: fastifyProtection(server).protect([rules]) }, async (request) => accessOf(request).subject)
new Koa().use(koaProtection(server).protect({ rules, isFresh: true }))
export const handle: (request: Request) => Promise<Response> = fetchProtection(server).protect(rules, (_, { claims }) => Response.json(claims))
export const verified: Promise<Access> = server.verify(new Request('https://x')).catch((error: AccessRefused) => {
  throw error
})
// @ts-expect-error a symmetric algorithm does not exist here
createResourceServer({ issuer: 'https://login.example', audience: 'a', algorithms: ['HS256'] })
`

test('its types fit those of Express, Fastify and Koa, with every check on', async () => {
  const consumer = temporaryDirectory('typed-consumer')
  installPacked(consumer, ['express', 'fastify', 'koa'])
  mkdirSync(join(consumer, 'node_modules/@types'))
  for (const name of ['express', 'koa', 'node']) {
    symlinkSync(join(ROOT, 'node_modules/@types', name), join(consumer, 'node_modules/@types', name))
  }
  writeFileSync(join(consumer, 'package.json'), JSON.stringify({ type: 'module' }))
  writeFileSync(join(consumer, 'consumer.ts'), TYPED)
  // The declarations of this package are checked as well (no skipLibCheck), those of the frameworks not: they are copies elsewhere.
  const options = {
    strict: true,
    module: 'nodenext',
    target: 'es2022',
    noEmit: true,
    types: ['node'],
    skipLibCheck: true,
  }
  const compilerOptions = { ...options, paths: {} }
  writeFileSync(join(consumer, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['consumer.ts'] }))
  const tsc = join(ROOT, 'node_modules/.bin/tsc')
  const check = async (...args: string[]) =>
    run(tsc, args, { cwd: consumer }).catch((error: { stdout: string }) => error)
  expect((await check('-p', '.')).stdout).toBe('')
  const alone = [
    '--ignoreConfig',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2022',
    '--noEmit',
    '--types',
    'node',
  ]
  const declarations = ['index', 'adapters/express', 'adapters/fastify', 'adapters/fetch', 'adapters/koa']
  const files = declarations.map((name) => `node_modules/@vestibule/resource-server/dist/${name}.d.ts`)
  expect((await check(...alone, '--skipLibCheck', 'false', ...files)).stdout).toBe('')
})
