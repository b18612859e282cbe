import { isInputObjectType } from 'graphql'
import { schema } from './schema.ts'

const MISSING = /Expected value of type "(\w+)" to include required field "(\w+)"(?:, found: .*)?$/s
const UNKNOWN = /Expected value of type "(\w+)" not to include unknown field "(\w+)"(?:, found: .*|\..*)?$/s

/**
 * What the library says of an input, as the shop's own library says it: clients look at these words, and a password that was sent
 * is not repeated.
 */
export function inShopWords(message: string): string {
  return message
    .replace(
      MISSING,
      (_, type, field) => `Field ${type}.${field} of required type ${typeOf(type, field)} was not provided.`,
    )
    .replace(UNKNOWN, (_, type, field) => `Field "${field}" is not defined by type ${type}.`)
}

function typeOf(type: string, field: string): string {
  const input = schema.getType(type)
  return isInputObjectType(input) ? String(input.getFields()[field]?.type) : ''
}
