import { expect, test } from 'vitest'
import type { AdminClient } from '../../src/cli/command/admin-client.ts'
import { examineClients } from '../../src/cli/doctor/doctor-clients.ts'
import { readConfig } from '../../src/config.ts'

const metadata = { client_id: 'storefront', first_party: true, authorization_challenge: true }
/** As much of the admin API as is asked. */
const admin = {
  list: async (path: string) => (path === '/v1/clients' ? [{ metadata, isEnabled: true }] : []),
} as unknown as AdminClient

test.each([
  ['off', 1],
  ['on', 0],
])(
  'doctor names clients whose screens ask an endpoint that is off: AUTHORIZATION_CHALLENGE=%s',
  async (value, count) => {
    const found = await examineClients(readConfig({ AUTHORIZATION_CHALLENGE: value }), admin)
    expect(found.filter(({ isWell, detail }) => !isWell && /authorization_challenge/.test(detail)).length).toBe(count)
  },
)
