import type { KeyRecord } from '../key-record.ts'
import { signerOf } from '../schedule/rotation.ts'
import { publicKeyOf } from '../signers/key-material.ts'
import type { Signer } from '../signers/signer.ts'
import type { KeyState, SigningKey } from '../signing-key.ts'

const STATE_ORDER: readonly KeyState[] = ['active', 'pending', 'retired']

/**
 * Turns records into keys that sign, parsing each private key once. At most one key per algorithm is shown as active,
 * also where a crash left two: the other one verifies only.
 */
export function createKeySetBuilder(deps: {
  readonly signer: Signer
  readonly onSigned: (kid: string) => void
}): (records: readonly KeyRecord[]) => Promise<readonly SigningKey[]> {
  const parsed = new Map<string, Pick<SigningKey, 'publicKey' | 'sign'>>()

  return async (records) => {
    const kids = new Set(records.map((record) => record.kid))
    for (const kid of parsed.keys()) if (!kids.has(kid)) parsed.delete(kid)
    for (const record of records) {
      if (!parsed.has(record.kid)) parsed.set(record.kid, await parseKey(record, deps))
    }
    return inOrder(records).flatMap((record) => {
      const halves = parsed.get(record.kid)
      return halves ? [asSigningKey(record, shownState(record, records), halves)] : []
    })
  }
}

async function parseKey(
  record: KeyRecord,
  { signer, onSigned }: Parameters<typeof createKeySetBuilder>[0],
): Promise<Pick<SigningKey, 'publicKey' | 'sign'>> {
  const sign = await signer.signer(record)
  return {
    publicKey: publicKeyOf(record.publicJwk),
    sign(signingInput) {
      onSigned(record.kid)
      return sign(signingInput)
    },
  }
}

function asSigningKey(
  { kid, algorithm, createdAt, since }: KeyRecord,
  state: KeyState,
  halves: Pick<SigningKey, 'publicKey' | 'sign'>,
): SigningKey {
  return { kid, algorithm, state, createdAt, since, ...halves }
}

function shownState(record: KeyRecord, records: readonly KeyRecord[]): KeyState {
  if (record.state !== 'active') return record.state
  const own = records.filter((other) => other.algorithm === record.algorithm)
  return signerOf(own) === record ? 'active' : 'retired'
}

function inOrder(records: readonly KeyRecord[]): KeyRecord[] {
  const rank = (record: KeyRecord) => STATE_ORDER.indexOf(shownState(record, records))
  return [...records].sort(
    (a, b) => rank(a) - rank(b) || b.createdAt - a.createdAt || (a.kid < b.kid ? -1 : a.kid > b.kid ? 1 : 0),
  )
}
