import { createHash } from 'node:crypto'

/** Names a published key set: the same kids have the same name on every node, in every state. */
export function keySetHash(kids: readonly string[]): string {
  return createHash('sha256')
    .update([...kids].sort().join(' '))
    .digest('base64url')
    .slice(0, 22)
}
