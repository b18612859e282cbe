import { createPrivateKey, type KeyObject, randomUUID, sign } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { customerId, grantId } from './fill.ts'

type Claims = Readonly<Record<string, unknown>>

/**
 * Makes access tokens of customers by number: what `example` says, a token of the server's, with another customer, grant
 * and id, signed with the server's key from `keysDirectory`.
 */
export function accessTokenMaker(example: string, keysDirectory: string): (number: number) => string {
  const [header = '', claimsPart = ''] = example.split('.')
  const { kid } = decoded(header)
  const claims = decoded(claimsPart)
  const key = readKey(keysDirectory, String(kid))
  return (number) => {
    const its = { sub: customerId(number), jti: randomUUID(), gid: grantId(number) }
    const text = `${header}.${encoded({ ...claims, customer_reference: `scale-${number}`, ...its })}`
    return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  }
}

function readKey(directory: string, kid: string): KeyObject {
  const name = readdirSync(directory).find((each) => each === `${kid}.json`)
  if (name === undefined) throw new Error(`${directory} has no key ${kid}`)
  // Written by the server, which was given no KEY_ENCRYPTION_KEY.
  const jwk = JSON.parse(readFileSync(join(directory, name), 'utf8')) as Record<string, string>
  return createPrivateKey({ key: jwk, format: 'jwk' })
}

function decoded(part: string): Claims {
  return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Claims // an object, by RFC 7519
}

function encoded(claims: Claims): string {
  return Buffer.from(JSON.stringify(claims)).toString('base64url')
}
