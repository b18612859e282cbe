import { hash } from 'node:crypto'

const BLOCK_BYTES = 64
const DIGEST_BYTES = 32

/**
 * HMAC-SHA256 under one key (RFC 2104), in hexadecimal. It is two hashes; `createHmac` makes an object for each text besides, which
 * costs more than both.
 */
export function createMac(secret: string): (text: string) => string {
  const given = Buffer.from(secret)
  const key = Buffer.alloc(BLOCK_BYTES)
  key.set(given.length > BLOCK_BYTES ? hash('sha256', given, 'buffer') : given)
  const inner = key.map((byte) => byte ^ 0x36)
  const outer = Buffer.concat([key.map((byte) => byte ^ 0x5c), Buffer.alloc(DIGEST_BYTES)])
  return (text) => {
    outer.write(hash('sha256', Buffer.concat([inner, Buffer.from(text)]), 'hex'), BLOCK_BYTES, 'hex')
    return hash('sha256', outer, 'hex')
  }
}
