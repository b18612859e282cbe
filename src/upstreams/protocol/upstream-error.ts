/** The steps of a sign-in at which a provider can fail or be refused. */
export type UpstreamStep =
  | 'metadata'
  | 'keys'
  | 'authorization'
  | 'token'
  | 'id-token'
  | 'userinfo'
  | 'logout-token'
  | 'revocation-token'

/** A provider does not answer, or its answer is not one that can be relied on. The message is for logs alone. */
export class UpstreamError extends Error {
  readonly step: UpstreamStep

  constructor(step: UpstreamStep, detail: string, options?: ErrorOptions) {
    super(`${step}: ${detail}`, options)
    this.step = step
  }
}
