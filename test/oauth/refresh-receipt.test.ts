import { expect, test } from 'vitest'
import { openReceipt, sealReceipt } from '../../src/oauth/refresh/refresh-receipt.ts'
import { seal } from '../../src/storage/seal.ts'

const TOKEN = 'a refresh token'
const BINDING = { clientId: 'app', scope: 'orders:read' }

test('an answer is there for who shows the same token and asks for the same', () => {
  const sealed = sealReceipt(TOKEN, BINDING, 'the answer')
  expect(openReceipt(TOKEN, BINDING, sealed)).toBe('the answer')
  expect(openReceipt('another token', BINDING, sealed)).toBeUndefined()
  for (const other of [{ clientId: 'other' }, { scope: 'orders:write' }, { resource: 'urn:other' }, { jkt: 'key' }])
    expect(openReceipt(TOKEN, { ...BINDING, ...other }, sealed)).toBeUndefined()
})

test('an answer that a node of the release before sealed is there during an upgrade', () => {
  const context = JSON.stringify([BINDING.clientId, BINDING.scope, null, null])
  expect(openReceipt(TOKEN, BINDING, seal(TOKEN, context, 'the answer'))).toBe('the answer')
})
