import { hash } from 'node:crypto'

/** Ids are bearer values (codes, tokens, session cookies): only this digest of them is ever stored. */
export function hashId(id: string): string {
  return hash('sha256', id, 'base64url')
}
