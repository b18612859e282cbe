import { seal, unseal } from '../../storage/seal.ts'
import type { Artifact, StoredArtifact } from '../../storage/storage.ts'
import type { RefreshPolicy } from './refresh-policy.ts'
import type { RefreshTokenParts, RefreshTokens } from './refresh-tokens.ts'

/** What a refresh does to its family. */
export type Step = {
  /** The refresh token to use next. */
  readonly answered: string
  /** Of the family's current token from now on. */
  readonly digest: string
  /** What else the family's record says. */
  readonly record: Artifact
  /** The family says so already: nothing needs to be written for the answer to hold. */
  readonly isKnown: boolean
}

type Shown = { readonly value: string; readonly parts: RefreshTokenParts; readonly stored: StoredArtifact }

const SUCCESSOR = 'successor of a refresh token'

/**
 * The next step of a family whose token was shown. `rotate`: the next token takes its place. `keep`: it stays. `lazy`:
 * it stays until its successor was shown once. That one is sealed under the token, so that showing the token again
 * leads to the same successor.
 */
export function nextStep(policy: RefreshPolicy, { value, parts, stored }: Shown, tokens: RefreshTokens): Step {
  if (policy === 'keep')
    return { answered: value, digest: tokens.digest(value), record: { place: parts.place }, isKnown: true }
  if (policy === 'rotate') {
    const next = tokens.next(parts)
    return { answered: next, digest: tokens.digest(next), record: { place: parts.place + 1 }, isKnown: false }
  }
  const digest = tokens.digest(value)
  const { digest: current, sealedNext } = stored.artifact
  const known = current === digest && typeof sealedNext === 'string' ? unseal(value, SUCCESSOR, sealedNext) : undefined
  const next = known ?? tokens.next(parts)
  const record = { place: parts.place, nextDigest: tokens.digest(next), sealedNext: seal(value, SUCCESSOR, next) }
  return { answered: next, digest, record, isKnown: known !== undefined }
}
