import type { KeyObject } from 'node:crypto'
import { ExternalSigningKey } from 'oidc-provider'
import type { SigningKey } from '../../keys/signing-key.ts'

/**
 * Our signing keys as the library takes them. Signing through `ExternalSigningKey` is synchronous: the library's own
 * way goes through libuv's thread pool, where a storm of password hashes would delay it. The first key of an
 * algorithm signs, so active keys come first; the others are published for verifiers only.
 */
export function toLibraryKeys(keys: readonly SigningKey[]): ExternalSigningKey[] {
  // By name beside that: metadata lists algorithms in this order, and is the same on every node.
  const inOrder = [...keys].sort(
    (first, second) => rank(first) - rank(second) || first.algorithm.localeCompare(second.algorithm),
  )
  return inOrder.map((key) => new LocalSigningKey(key))
}

class LocalSigningKey extends ExternalSigningKey {
  readonly #key: SigningKey

  constructor(key: SigningKey) {
    super()
    this.#key = key
  }

  override get kid(): string {
    return this.#key.kid
  }

  override get alg(): string {
    return this.#key.algorithm
  }

  override keyObject(): KeyObject {
    return this.#key.publicKey
  }

  override sign(data: Uint8Array): Promise<Uint8Array> {
    // A signer outside of the process answers later.
    return this.#key.sign(data) as Promise<Uint8Array>
  }
}

function rank({ state }: SigningKey): number {
  return ['active', 'pending', 'retired'].indexOf(state)
}
