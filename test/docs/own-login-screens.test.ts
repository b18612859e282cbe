import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { OnStep, Tokens } from '../../packages/sign-in/src/index.ts'
import { packedSignIn } from '../support/packed-resource-server.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { startPageServer } from './page-server.ts'
import { blocksOf } from './page-walk.ts'

const PAGE = 'docs/how-to/own-login-screens.md'

let shop: Awaited<ReturnType<typeof startPageServer>>
beforeAll(async () => {
  shop = await startPageServer({ AUTHORIZATION_CHALLENGE: 'on' })
})
afterAll(() => shop?.stop())

/** The scripts of the page as files, with the package beside them. */
function scripts(): (name: string) => Promise<Record<string, (...given: unknown[]) => Promise<unknown>>> {
  const directory = temporaryDirectory('own-screens')
  mkdirSync(join(directory, 'node_modules/@vestibule'), { recursive: true })
  cpSync(packedSignIn().directory, join(directory, 'node_modules/@vestibule/sign-in'), { recursive: true })
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ type: 'module' }))
  for (const block of blocksOf(PAGE, 'js')) {
    const [, name = ''] = /^\/\/ (\S+)/.exec(block) ?? []
    writeFileSync(join(directory, name), block.replaceAll('http://localhost:4000', shop.server.url))
  }
  return (name) => import(/* @vite-ignore */ pathToFileURL(join(directory, name)).href)
}

test('goes as its page says: switched on, a code, a problem, and the change of one import', async () => {
  const walk = shop.walk(PAGE, { 'http://localhost:4000': shop.server.url })
  expect(await walk.next('authorization_challenge')).toContain('frontend is changed')
  expect(JSON.parse(await walk.next('VERIFIER'))).toMatchObject({
    access_token: expect.any(String),
    token_type: 'Bearer',
  })
  expect(JSON.parse(await walk.next('password=wrong'))).toMatchObject({
    error: 'insufficient_authorization',
    problem: { code: 'wrong_credentials' },
    next: expect.arrayContaining([{ step: 'password' }]),
  })
  walk.end()

  const load = scripts()
  const sonia = ['sonia@spryker.com', 'change123']
  const [before, after, steps] = await Promise.all([load('before.js'), load('after.js'), load('steps.js')])
  expect(await before.login?.(...sonia)).toMatchObject({ access_token: expect.any(String) })
  await expect(before.login?.(sonia[0], 'wrong')).rejects.toThrow('wrong_credentials')
  expect(await after.login?.(...sonia)).toMatchObject({ accessToken: expect.any(String) })
  await expect(after.login?.(sonia[0], 'wrong')).rejects.toMatchObject({ code: 'wrong_credentials' })

  // A customer of two companies.
  const asked: unknown[] = []
  const ask = async (label: string, _problem: unknown, choices: readonly { id: string }[]) => {
    asked.push(label)
    return choices[0]?.id
  }
  const onStep: OnStep = async (offered, problem) => (await steps.onStep?.(offered, problem, ask)) as never
  const tokens = (await after.login?.('test@meetanshi.com', 'Meet@123', onStep)) as Tokens
  expect([asked, tokens.tokenType]).toEqual([['Your company'], 'DPoP'])
  const userinfo = (await after.call?.(`${shop.server.url}/userinfo`)) as Response
  expect(userinfo.status).toBe(200)
  await after.logout?.()
})
