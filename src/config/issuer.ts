/** Whether an issuer is on this machine only. */
export function isLoopbackIssuer(issuer: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\]|.*\.localhost)$/.test(new URL(issuer).hostname)
}

/** Why the demo's secrets, which are public, must not work here; undefined where they may. */
export function whyNoDemo({
  NODE_ENV,
  ISSUER,
}: {
  readonly NODE_ENV: string
  readonly ISSUER: string
}): string | undefined {
  if (NODE_ENV === 'production') return 'NODE_ENV is production'
  const isPublic = new URL(ISSUER).protocol === 'https:' && !isLoopbackIssuer(ISSUER)
  return isPublic ? `ISSUER is ${ISSUER}, a public address` : undefined
}

/** The networks that may be called at addresses which others choose, beside public ones. */
export function outgoingNetworks({
  OUTGOING_ALLOWED_NETWORKS: given,
  ISSUER,
}: {
  readonly OUTGOING_ALLOWED_NETWORKS?: readonly string[]
  readonly ISSUER: string
}): readonly string[] {
  return given ?? (isLoopbackIssuer(ISSUER) ? ['127.0.0.0/8', '::1'] : [])
}
