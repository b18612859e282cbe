import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { FactorShop } from '../interaction/factor-shop.ts'
import { APP, startAppShop } from '../oauth/challenge/app.ts'
import { filesIn, packedSignIn } from '../support/packed-resource-server.ts'
import { temporaryDirectory } from '../support/run-directory.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const MOST_BYTES = 5 * 1024

let shop: FactorShop
let directory: string
beforeAll(async () => {
  shop = await startAppShop()
  directory = temporaryDirectory('sign-in-consumer')
  mkdirSync(join(directory, 'node_modules/@vestibule'), { recursive: true })
  cpSync(packedSignIn().directory, join(directory, 'node_modules/@vestibule/sign-in'), { recursive: true })
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ type: 'module' }))
})
afterAll(() => shop?.stop())

test('the tarball holds what runs, its types and its licence, and no source', () => {
  const files = filesIn(packedSignIn())
  expect(files).toEqual(
    expect.arrayContaining(['package.json', 'README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts']),
  )
  expect(files.filter((path) => !/^(package\.json|README\.md|LICENSE|dist\/.+\.(js|d\.ts))$/.test(path))).toEqual([])
})

test('it depends on nothing', () => {
  const { dependencies, peerDependencies, scripts } = JSON.parse(
    readFileSync(join(ROOT, 'packages/sign-in/package.json'), 'utf8'),
  )
  expect([dependencies, peerDependencies]).toEqual([undefined, undefined])
  expect(Object.keys(scripts).filter((name) => /install/.test(name))).toEqual([])
})

test('all of it is less than 5 KB compressed, even where nothing but its comments is left out', async () => {
  const bare = temporaryDirectory('sign-in-bare')
  const tsc = join(ROOT, 'node_modules/.bin/tsc')
  await run(tsc, ['-p', join(ROOT, 'packages/sign-in'), '--removeComments', '--declaration', 'false', '--outDir', bare])
  const files = readdirSync(bare).map((name) => readFileSync(join(bare, name), 'utf8'))
  expect(gzipSync(files.join('\n'), { level: 9 }).length).toBeLessThan(MOST_BYTES)
})

const SCRIPT = `
import { createSignIn } from '@vestibule/sign-in'
const { ISSUER: issuer, CLIENT: clientId, EMAIL, PASSWORD } = process.env
const signIn = createSignIn({ issuer, clientId, scope: 'openid email' })
const before = await signIn.login(EMAIL, PASSWORD)
const after = await signIn.refresh()
const userinfo = await signIn.fetch(issuer + '/userinfo')
const failed = await signIn.login(EMAIL, 'wrong').catch((error) => error.code)
console.log(JSON.stringify([before.accessToken !== after.accessToken, (await userinfo.json()).email, failed]))
`

test.each(['this Node', 'the Node that the machine has'])(
  'installed from the tarball it works with %s',
  async (which) => {
    const node = which === 'this Node' ? process.execPath : 'node'
    const { PATH } = process.env
    const { stdout: version } = await run(node, ['--version'], { env: { PATH } })
    if (Number(/\d+/.exec(version)?.[0]) < 20) return
    const { email, password } = await shop.addCustomer()
    const env = { PATH, ISSUER: shop.server.url, CLIENT: APP, EMAIL: email, PASSWORD: password }
    const { stdout } = await run(node, ['--input-type=module', '-e', SCRIPT], { cwd: directory, env })
    expect(JSON.parse(stdout)).toEqual([true, email, 'wrong_credentials'])
  },
)

const TYPED = `
import { answerByPasskey, browserStore, createSignIn, type OnStep, SignInError, type Tokens } from '@vestibule/sign-in'
const onStep: OnStep = async (steps, problem) => {
  const passkey = steps.find(({ step }) => step === 'passkey')
  return passkey ? answerByPasskey(passkey) : problem?.code === 'wrong_code' ? undefined : { otp: '123456' }
}
const signIn = createSignIn({ issuer: 'https://login.example', clientId: 'a', store: browserStore() })
export const tokens: Promise<Tokens | undefined> = signIn.login('a@b.example', 'c', { onStep })
export const codeOf = (error: unknown) => (error instanceof SignInError ? error.code : undefined)
// @ts-expect-error there is no secret in an app
createSignIn({ issuer: 'https://login.example', clientId: 'a', clientSecret: 'b' })
`

test.each([
  ['of browsers', ['es2023', 'dom', 'dom.iterable'], []],
  ['of Node', ['es2023'], ['node']],
])('its types fit those %s, with every check on', async (_, lib, types) => {
  const consumer = temporaryDirectory('typed-sign-in')
  mkdirSync(join(consumer, 'node_modules/@types'), { recursive: true })
  mkdirSync(join(consumer, 'node_modules/@vestibule'))
  symlinkSync(join(directory, 'node_modules/@vestibule/sign-in'), join(consumer, 'node_modules/@vestibule/sign-in'))
  symlinkSync(join(ROOT, 'node_modules/@types/node'), join(consumer, 'node_modules/@types/node'))
  writeFileSync(join(consumer, 'package.json'), JSON.stringify({ type: 'module' }))
  writeFileSync(join(consumer, 'consumer.ts'), TYPED)
  const compilerOptions = {
    strict: true,
    module: 'nodenext',
    target: 'es2022',
    noEmit: true,
    lib,
    types,
    skipLibCheck: false,
  }
  writeFileSync(join(consumer, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['consumer.ts'] }))
  const tsc = join(ROOT, 'node_modules/.bin/tsc')
  const { stdout } = await run(tsc, ['-p', '.'], { cwd: consumer }).catch((error: { stdout: string }) => error)
  expect(
    stdout
      .split('\n')
      .filter((line) => !/node_modules\/(@types\/node|undici-types)\//.test(line))
      .join('\n')
      .trim(),
  ).toBe('')
})
