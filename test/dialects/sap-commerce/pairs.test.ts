import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { read, ron } from '../../endpoints/client.ts'
import type { TestServer } from '../../support/server.ts'
import * as pairs from './pairs.ts'
import { signIn, startSapShop } from './shop.ts'

let server: TestServer
beforeAll(async () => {
  server = await startSapShop()
})
afterAll(() => server?.stop())

describe.each(Object.entries(pairs as Record<string, readonly pairs.Pair[]>))('recorded pairs: %s', (_, recorded) => {
  test.each(recorded)('$name', async ({ path, headers = {}, body, status, answer }) => {
    const { access_token, refresh_token } = await signIn(server.url, ron)
    const fill = (text: string) => text.replace('ACCESS_TOKEN', access_token).replace('REFRESH_TOKEN', refresh_token)
    const sent = Object.entries(headers).map(([name, value]) => [name, fill(value)] as const)
    const said = await read(
      fetch(server.url + fill(path), {
        method: 'POST',
        body: fill(body),
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...Object.fromEntries(sent) },
      }),
    )
    expect([said.status, typeof answer === 'string' ? said.text : Object.keys(said.body)]).toEqual([status, answer])
  })
})
