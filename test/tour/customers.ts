import { createHash } from 'node:crypto'
import type { ImportRecordInput } from '../../src/customers/import/import-record.ts'

/** A buyer of the imported shop, whose password comes over as a salted SHA-256 of Magento. */
export const BUYER = { username: 'buyer@tour.example', password: 'correct horse battery' }

/** An import file: the buyer with a company, and `count` customers beside. */
export function importLines(count: number): string {
  const others = Array.from({ length: count }, (_, index) =>
    customer(`guest-${index}@tour.example`, `TOUR--${index + 2}`),
  )
  return [buyer(), ...others].map((record) => `${JSON.stringify(record)}\n`).join('')
}

function buyer(): ImportRecordInput {
  return {
    ...customer(BUYER.username, 'TOUR--1'),
    companyUsers: [
      {
        id: '0b6a6e0c-1f3f-4f6e-9a59-3f5d7f6d1a01',
        company: { id: '5c9a1e5e-92f3-4e0c-8f57-6a0e1fd4c002', name: 'Tour Supplies' },
        isDefault: true,
        roles: [
          { name: 'Buyer', permissions: [{ key: 'PlaceOrderPermissionPlugin', configuration: { cents: 100_000 } }] },
        ],
      },
    ],
  }
}

function customer(email: string, customerReference: string): ImportRecordInput {
  const salt = createHash('md5').update(email).digest('hex')
  const hash = createHash('sha256').update(`${salt}${BUYER.password}`).digest('hex')
  return { email, customerReference, emailVerified: true, password: { scheme: 'magento', hash: `${hash}:${salt}:1` } }
}
