import type { AdapterPayload } from 'oidc-provider'
import type { Artifact, StoredArtifact } from '../../storage/storage.ts'
import type { RefreshTokens } from './refresh-tokens.ts'

/** What is kept of a new family: the payload of its first token, and that token's digest. */
export function familyRecord(payload: AdapterPayload, digest: string): Artifact {
  const { jti: _jti, kind: _kind, ...kept } = payload
  return { ...kept, digest }
}

/** The library's payload of the family's current token. */
export function familyPayload(stored: StoredArtifact, token: string): AdapterPayload {
  const {
    digest: _digest,
    rotatedAt: _rotatedAt,
    nextDigest: _nextDigest,
    sealedNext: _sealedNext,
    shownFrom: _shownFrom,
    place: _place,
    grantKeptUntil: _grantKeptUntil,
    ...payload
  } = stored.artifact
  return { ...payload, kind: 'RefreshToken', jti: token }
}

/** The family as it goes on for a company user that a refresh names, or as it is where none is named. */
export function actingAs(stored: StoredArtifact, companyUserId: string | undefined): StoredArtifact {
  return companyUserId === undefined ? stored : { ...stored, artifact: { ...stored.artifact, companyUserId } }
}

/** False for a token of the family that was replaced already, and whose successor, if that must be, was used. */
export function isCurrentToken(stored: StoredArtifact, token: string, refreshTokens: RefreshTokens): boolean {
  const digest = refreshTokens.digest(token)
  return stored.artifact.digest === digest || stored.artifact.nextDigest === digest
}

/** The place of the family's current token. Families of before do not say it: each rotation was one version. */
export function placeOf({ artifact, version }: StoredArtifact): number {
  return Number(artifact.place ?? version)
}

/** Epoch seconds of the family's last rotation; 0 before the first. */
export function rotatedAt(stored: StoredArtifact): number {
  return Number(stored.artifact.rotatedAt ?? 0)
}
