import { z } from 'zod'
import { CIBA_GRANT } from './security-profile.ts'

/** Standard members of clients that ask people for approval on another device (OpenID Connect CIBA Core §4). */
export const cibaMembers = {
  backchannel_token_delivery_mode: z
    .enum(['poll', 'ping'])
    .optional()
    .describe(
      'How it learns the outcome of a request to /backchannel. poll: it asks; ping: it is told at backchannel_client_notification_endpoint, and then asks.',
    ),
  backchannel_client_notification_endpoint: z
    .url({ protocol: /^https$/ })
    .max(2000)
    .optional()
    .describe(
      'Where it is told that a request to /backchannel has an outcome: https, to a public address or OUTGOING_ALLOWED_NETWORKS.',
    ),
  backchannel_authentication_request_signing_alg: z
    .enum(['RS256', 'PS256', 'ES256', 'EdDSA'])
    .optional()
    .describe('Takes requests to /backchannel only as signed request objects, by this algorithm.'),
} as const

type CibaClient = {
  readonly grant_types?: readonly string[] | undefined
  readonly token_endpoint_auth_method?: string | undefined
  readonly backchannel_token_delivery_mode?: string | undefined
  readonly backchannel_client_notification_endpoint?: string | undefined
}

/** What is missing for a client that may use /backchannel, or is there without that. */
export function cibaFault(client: CibaClient): { readonly member: string; readonly message: string } | undefined {
  const { backchannel_token_delivery_mode: mode, backchannel_client_notification_endpoint: endpoint } = client
  if (client.grant_types?.includes(CIBA_GRANT) !== true)
    return mode === undefined
      ? undefined
      : { member: 'backchannel_token_delivery_mode', message: `needs ${CIBA_GRANT} in grant_types` }
  if (client.token_endpoint_auth_method === 'none')
    return { member: 'token_endpoint_auth_method', message: `a client with ${CIBA_GRANT} needs a secret or a key` }
  if (mode === undefined)
    return { member: 'backchannel_token_delivery_mode', message: `is missing: ${CIBA_GRANT} needs poll or ping` }
  return mode === 'ping' && endpoint === undefined
    ? { member: 'backchannel_client_notification_endpoint', message: 'is missing: ping needs it' }
    : undefined
}
