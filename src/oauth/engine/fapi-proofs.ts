import { errors, type KoaContextWithOIDC } from 'oidc-provider'
import { FAPI_ALGORITHMS, isFapi } from '../../clients/security-profile.ts'

/**
 * A step of endpoints that take DPoP proofs: those of FAPI 2.0 clients are signed by an algorithm of FAPI 2.0 (Security Profile §5.4).
 * The library has one list of algorithms for all clients.
 */
export async function refuseWeakProofs(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  const { client } = ctx.oidc
  const proof = ctx.get('DPoP')
  if (proof !== '' && isFapi(client?.security_profile) && !FAPI_ALGORITHMS.includes(algorithmOf(proof)))
    throw new errors.InvalidDpopProof(`a proof of this client is signed with ${FAPI_ALGORITHMS.join(', ')}`)
  await next()
}

/** Empty where it cannot be read: the library refuses such a proof in words of its own. */
function algorithmOf(proof: string): string {
  try {
    const header: unknown = JSON.parse(Buffer.from(proof.split('.', 1)[0] ?? '', 'base64url').toString())
    return String((header as { readonly alg?: unknown } | null)?.alg) // anything but a known name is refused
  } catch {
    return ''
  }
}
