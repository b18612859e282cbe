import { expect, test } from 'vitest'
import { ask } from '../admin/administrators.ts'
import { decode, revoke, ron, tokensOf } from '../endpoints/client.ts'
import { ADMIN } from '../storage/shop.ts'
import { startTwoNodes } from '../storage/two-nodes.ts'
import { describeOn } from '../support/describe-on.ts'
import { createRedisDatabase } from '../support/shared.ts'
import { query } from '../support/sql.ts'
import { waitFor } from '../support/wait-for.ts'

describeOn('redis', 'two nodes on Postgres and Redis', () => {
  test('have one history: each tells how a token ended that the other gave out or ended', async () => {
    const nodes = await startTwoNodes(await createRedisDatabase())
    const { first, second } = nodes
    try {
      const { access_token, refresh_token } = await tokensOf(first.url, ron)
      await revoke(second.url, refresh_token)
      for (const node of [first, second]) {
        const causes = async () => {
          const path = `/v1/tokens?grantId=${decode(access_token).payload.gid}`
          const { body } = await ask(node, ADMIN.ADMIN_TOKEN, 'GET', path)
          return (body.items as { cause?: string }[]).map(({ cause }) => cause)
        }
        const isKnown = async () => (await causes()).length === 2 && !(await causes()).includes(undefined)
        await waitFor(isKnown, { what: 'what the other node noted' })
        expect(await causes()).toEqual(['revoked-by-client', 'revoked-by-client'])
      }
    } finally {
      await nodes.stop()
    }
  })

  test('leave nothing unwritten when they are told to stop', async () => {
    const nodes = await startTwoNodes(await createRedisDatabase())
    try {
      const tokens = await Promise.all([nodes.first, nodes.second].map(({ url }) => tokensOf(url, ron)))
      await Promise.all([nodes.first, nodes.second].map((node) => node.end('SIGTERM')))
      const rows = await query(String(nodes.first.settings.DATABASE_URL), 'select token_id from token_records')
      const ids = rows.map(({ token_id }) => token_id)
      expect(ids).toHaveLength(4)
      for (const { access_token } of tokens) expect(ids).toContain(decode(access_token).payload.jti)
    } finally {
      await nodes.stop()
    }
  })
})
