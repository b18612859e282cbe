import { expect, test } from 'vitest'
import { createFitToken } from '../../src/oauth/tokens/size-budget.ts'

const details = [
  { type: 'urn:vestibule:purchase-mandate:1', mandate_id: 'id', expires_at: 1, merchants: ['https://shop.example'] },
]

test('a token that would be too large names its mandate alone; a smaller one says it whole', () => {
  const payload = { sub: 'customer', authorization_details: details }
  expect(createFitToken(4096)(payload, undefined)).toBe(payload)
  expect(createFitToken(300)(payload, undefined)).toEqual({
    sub: 'customer',
    authorization_details: [{ type: 'urn:vestibule:purchase-mandate:1', mandate_id: 'id' }],
  })
})
