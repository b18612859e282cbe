import { z } from 'zod'
import type { GuardedFetch } from '../../outgoing/guarded-fetch.ts'
import type { ResolvedUpstream } from '../kinds.ts'
import { proveClient } from './client-proof.ts'
import { readJson, type UpstreamMetadata } from './metadata.ts'
import { UpstreamError } from './upstream-error.ts'

const token = z.object({ id_token: z.string(), access_token: z.string().optional() })
const userinfo = z.looseObject({ sub: z.string() })

export type ExchangedTokens = { readonly idToken: string; readonly accessToken: string | undefined }

type Exchange = {
  readonly upstream: ResolvedUpstream
  readonly secret: string | undefined
  readonly metadata: UpstreamMetadata
}

/** Redeems a code (RFC 6749 §4.1.3, RFC 7636 §4.5). The access token is not kept. @throws {UpstreamError} */
export async function exchangeCode(
  fetch: GuardedFetch,
  { upstream, secret, metadata }: Exchange,
  fields: { readonly code: string; readonly redirectUri: string; readonly codeVerifier: string },
): Promise<ExchangedTokens> {
  const proof = await proveClient(upstream, secret, metadata.token_endpoint)
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    code: fields.code,
    redirect_uri: fields.redirectUri,
    code_verifier: fields.codeVerifier,
    ...proof.fields,
  })
  const headers = { 'content-type': 'application/x-www-form-urlencoded', ...proof.headers }
  const answer = token.safeParse(
    await readJson(fetch, metadata.token_endpoint, 'token', { method: 'POST', headers, body: body.toString() }),
  )
  if (!answer.success) throw new UpstreamError('token', 'there is no ID token in the answer')
  return { idToken: answer.data.id_token, accessToken: answer.data.access_token }
}

/** What userinfo says of this very person (OpenID Connect Core §5.3.4); empty without such an endpoint. @throws {UpstreamError} */
export async function readUserinfo(
  fetch: GuardedFetch,
  { userinfo_endpoint: endpoint }: UpstreamMetadata,
  { subject, accessToken }: { readonly subject: string; readonly accessToken: string | undefined },
): Promise<Readonly<Record<string, unknown>>> {
  if (endpoint === undefined || accessToken === undefined) return {}
  const headers = { authorization: `Bearer ${accessToken}` }
  const answer = userinfo.safeParse(await readJson(fetch, endpoint, 'userinfo', { headers }))
  if (answer.data?.sub !== subject) throw new UpstreamError('userinfo', 'it is about another person')
  return answer.data
}
