import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { createMac } from '../../src/oauth/refresh/mac.ts'

test('the MAC of refresh tokens is HMAC-SHA256, whatever the lengths of key and text', () => {
  for (const keyLength of [1, 32, 43, 63, 64, 65, 200]) {
    const key = 'kéy'.repeat(keyLength).slice(0, keyLength)
    const mac = createMac(key)
    for (const text of ['', 'a', 'família.nonce.12', 'b'.repeat(500)]) {
      expect(mac(text)).toBe(createHmac('sha256', key).update(text).digest('hex'))
    }
  }
})
