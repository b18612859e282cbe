import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { administratorOf, ask, OWNER, PASSWORD, tokenOf } from '../admin/administrators.ts'
import { runCommand } from '../cli/run-command.ts'
import { introspect } from '../endpoints/client.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { actFor, actingTokens, owner, SPRYKER, trailOf, waitingId } from './acting.ts'

let server: TestServer
let session: string
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER, SUPPORT_ACCESS_APPROVAL: 'second-person' })
  session = (await administratorOf(server, 'support')).session
})
afterEach(() => {
  vi.useRealTimers()
})
afterAll(() => server?.stop())

const approve = (id: string, by = session) => ask(server, by, 'POST', `/v1/support-accesses/${id}/approve`)
const asked = (reason: string) => ({ reason, scope: 'customer' })

test('an agent waits until a second person approved, gets exactly that, and once', async () => {
  const fields = asked('Ticket 1')
  const id = waitingId(await actFor(server, fields))
  expect(waitingId(await actFor(server, fields)), 'asking again is the same request').toBe(id)
  expect((await approve(id)).body).toMatchObject({ id, state: 'approved', scopes: ['customer'], reason: 'Ticket 1' })
  const tokens = await actingTokens(server, fields)
  expect(await introspect(server.url, tokens.access_token)).toMatchObject({ active: true, scope: 'customer' })
  expect((await owner(server, 'GET', `/v1/support-accesses/${id}`)).body).toMatchObject({
    state: 'open',
    approvedBy: expect.stringMatching(/^administrator:/),
  })
  expect(waitingId(await actFor(server, fields))).not.toBe(id)
  const [approved] = await trailOf(server, ['support-access.approved'])
  expect(approved).toMatchObject({ actor: expect.stringMatching(/^administrator:/) })
  const types = (await trailOf(server, ['support-access.asked', 'support-access.approved', 'support-access.begun']))
    .filter(({ reason }) => String(reason).startsWith(id))
    .map(({ type }) => type)
  expect(types).toEqual(['support-access.begun', 'support-access.approved', 'support-access.asked'])
})

test.each([
  ['another customer', { customer_reference: 'DE--22' }],
  ['another scope', { scope: 'customer company' }],
  ['another service', { resource: SPRYKER }],
  ['another reason', { reason: 'curiosity' }],
])('what was approved is not good for %s', async (_, other) => {
  const fields = asked(`Ticket 2 ${Object.keys(other)}`)
  const id = waitingId(await actFor(server, fields))
  await approve(id)
  expect(waitingId(await actFor(server, { ...fields, ...other }))).not.toBe(id)
  await actingTokens(server, fields)
})

test('of many requests at once, one gets what was approved', async () => {
  const fields = asked('Ticket 3')
  await approve(waitingId(await actFor(server, fields)))
  const answers = await Promise.all([1, 2, 3, 4, 5].map(() => actFor(server, fields)))
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
})

test('the agent cannot approve their own request, by whatever account with their address', async () => {
  const email = 'Agent@Example.com'
  await owner(server, 'POST', '/v1/administrators', { email, role: 'security', password: PASSWORD })
  const signIn = await ask(server, undefined, 'POST', '/v1/sign-in', { email, password: PASSWORD })
  const id = waitingId(await actFor(server, asked('Ticket 4')))
  expect(await approve(id, String(signIn.body.session))).toMatchObject({ status: 409, body: { code: 'same-person' } })
  expect((await owner(server, 'GET', `/v1/support-accesses/${id}`)).body.state).toBe('waiting')
})

test.each([
  ['an admin token', () => tokenOf(server, 'owner')],
  ['a holder of ADMIN_TOKEN', async () => OWNER],
])('%s is no second person', async (_, bearer) => {
  const id = waitingId(await actFor(server, asked('Ticket 5')))
  expect(await approve(id, await bearer())).toMatchObject({ status: 409, body: { code: 'no-second-person' } })
})

test.each([
  ['approved twice', async (id: string) => void (await approve(id))],
  [
    'approved after it was taken back',
    async (id: string) => void (await owner(server, 'POST', `/v1/support-accesses/${id}/end`)),
  ],
])('a request is not %s', async (name, before) => {
  const id = waitingId(await actFor(server, asked(name)))
  await before(id)
  expect(await approve(id)).toMatchObject({ status: 409, body: { code: 'not-waiting' } })
})

test.each([
  ['fifteen minutes', async (_id: string) => advance(901)],
  [
    'an operator took it back',
    async (id: string) => void (await owner(server, 'POST', `/v1/support-accesses/${id}/end`)),
  ],
])('an approval is over after %s', async (name, before) => {
  const fields = asked(`over after ${name}`)
  const id = waitingId(await actFor(server, fields))
  await approve(id)
  await before(id)
  expect(waitingId(await actFor(server, fields))).not.toBe(id)
})

test('the command approves with the session of an administrator, and not with an admin token', async () => {
  const id = waitingId(await actFor(server, asked('Ticket 7')))
  const approveAs = (ADMIN_TOKEN: string) =>
    runCommand(['support-access', 'approve', id], { ADMIN_URL: server.adminUrl, ADMIN_TOKEN })
  expect(await approveAs(OWNER)).toMatchObject({ code: 1, stderr: expect.stringMatching(/A person must approve this/) })
  expect(
    (
      await runCommand(['support-access', 'list', '--state', 'waiting'], {
        ADMIN_URL: server.adminUrl,
        ADMIN_TOKEN: session,
      })
    ).stdout,
  ).toContain(id)
  expect(await approveAs(session)).toMatchObject({
    code: 0,
    stdout: 'approved: agent@example.com has 15 minutes to ask once more\n',
  })
})

test.each(['nothing', '00000000-0000-4000-8000-000000000000'])('there is no access "%s" to approve', async (id) => {
  expect(await approve(id)).toMatchObject({ status: 404, body: { code: 'unknown-support-access' } })
})

// The last one: the embedded database has the clock of this process, and ends sessions by it.
test('a request is not approved after an hour', async () => {
  const id = waitingId(await actFor(server, asked('Ticket 6')))
  advance(3601)
  // A session ends as well when nobody uses it.
  const later = await administratorOf(server, 'support')
  expect(await approve(id, later.session)).toMatchObject({ status: 409, body: { code: 'not-waiting' } })
  expect((await owner(server, 'GET', `/v1/support-accesses/${id}`)).body.state).toBe('lapsed')
})

/** Moves the clock on, of timers too no more than that. */
function advance(seconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 })
}
