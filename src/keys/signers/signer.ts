import type { KeyMaterial, KeyRecord, PublicJwk } from '../key-record.ts'
import { KeyStoreError } from '../key-store.ts'
import type { SigningAlgorithm, SigningKey } from '../signing-key.ts'
import { generateKey, localSigner } from './key-material.ts'

export type GeneratedKey = { readonly kid: string; readonly publicJwk: PublicJwk; readonly material: KeyMaterial }

/** Who makes private keys and signs with them: this process, a PKCS#11 device, a key management service. */
export interface Signer {
  generate(algorithm: SigningAlgorithm): Promise<GeneratedKey>
  /** @throws {KeyStoreError} when the key's private half is somewhere this signer cannot reach. */
  signer(record: KeyRecord): SigningKey['sign'] | Promise<SigningKey['sign']>
  /** Destroys the private half of a removed key where it is not in the record itself. */
  destroy(record: KeyRecord): Promise<void>
  close(): Promise<void>
}

/** Private keys in the key store itself; signatures in this process. */
export const inProcessSigner: Signer = {
  generate: generateKey,
  signer({ kid, algorithm, material }) {
    if (material.kind === 'local') return localSigner(algorithm, material.privateJwk)
    throw new KeyStoreError(
      `The private key of signing key ${kid} is in an external device or service (${material.reference}), and SIGNER_URL is unset. ` +
        'Set SIGNER_URL and SIGNER_SECRET of that device or service.',
    )
  },
  destroy: async () => {},
  close: async () => {},
}
