import { generate } from 'otplib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { postJson } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { runCommand } from './run-command.ts'

const PASSWORD = 'correct horse battery'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ SIGN_IN_LINK_TARGET: 'https://shop.example/account' })
})
afterAll(() => server?.stop())

const vestibule = (args: readonly string[], input?: string) =>
  runCommand(args, { DATA_DIR: server.config.DATA_DIR }, input)
async function json<T>(args: readonly string[], input?: string): Promise<T> {
  const { code, stdout, stderr } = await vestibule([...args, '--json'], input)
  expect([code, stderr]).toEqual([0, ''])
  return JSON.parse(stdout) as T
}

test('an agent is given a second factor by hand: the secret once, a code to confirm it, and it can be taken away', async () => {
  const email = 'clerk@example.com'
  const { id } = await json<{ id: string }>(['agents', 'create', '--email', email, '--password-stdin'], PASSWORD)
  const { secret } = await json<{ secret: string }>(['agents', 'second-factor', 'enrol', id])
  expect((await vestibule(['agents', 'second-factor', 'confirm', id], '000000')).code).toBe(1)
  await json(['agents', 'second-factor', 'confirm', id], `${await generate({ secret })}\n`)

  const signIn = () =>
    postJson(`${server.url}/rest/V1/integration/admin/token`, { username: email, password: PASSWORD })
  expect((await signIn()).status).toBe(400)
  const listed = await vestibule(['agents', 'list'])
  expect(listed.stdout).toMatch(new RegExp(`${email} .*yes`))
  expect(listed.stdout).not.toContain(secret)
  expect((await vestibule(['agents', 'second-factor', 'enrol', id])).stderr).toContain('remove it first')
  await json(['agents', 'second-factor', 'remove', id])
  expect((await signIn()).status).toBe(200)
})

test('an agent is assigned to a warehouse, and to none', async () => {
  const create = ['agents', 'create', '--email', 'picker@example.com', '--password-stdin', '--id-warehouse', '4']
  const agent = await json<{ id: string; idWarehouse: number }>(create, PASSWORD)
  expect(agent.idWarehouse).toBe(4)
  expect((await vestibule(['agents', 'warehouse', agent.id, '9'])).stdout).toContain('works in warehouse 9')
  expect(await json(['agents', 'warehouse', agent.id, 'none'])).not.toHaveProperty('idWarehouse')
})

test('what a shop’s own mails need is made by hand as well', async () => {
  const link = await vestibule(['customers', 'sign-in-link', 'DE--21'])
  expect((await fetch(link.stdout.trim(), { redirect: 'manual' })).status).toBe(302)
  const { registrationKey } = await json<{ registrationKey: string }>(['customers', 'registration-key', 'DE--24'])
  const attributes = { registrationKey }
  const confirmation = { data: { type: 'customer-confirmation', attributes } }
  expect((await postJson(`${server.url}/customer-confirmation`, confirmation)).status).toBe(204)
  const { uses } = await json<{ uses: { dialect: string }[] }>(['dialects', 'uses'])
  expect(uses.map(({ dialect }) => dialect)).toContain('magento')
})

test.each([
  ['agents', 'second-factor', 'show', 'x'],
  ['agents', 'second-factor', 'enrol'],
  ['agents', 'warehouse', 'x'],
  ['agents', 'create'],
  ['agents', 'block'],
  ['dialects', 'remove'],
])('%s %s %s is answered with the help', async (...args) => {
  const { code, stderr } = await vestibule(args.filter(Boolean))
  expect([code, stderr]).toEqual([2, expect.stringContaining('Usage:')])
})
