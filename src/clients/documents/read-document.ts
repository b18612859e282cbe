import { z } from 'zod'
import { isStorable } from '../../database/storable.ts'
import { isPlain } from '../../plain-text.ts'
import type { ClientMetadata } from '../client-schema.ts'
import { shapeOf } from './look-alikes.ts'
import { type PublicKeys, publicKeys } from './public-keys.ts'
import { endsAtComputer, isUsableRedirect } from './redirects.ts'
import { parseStrictly } from './strict-json.ts'

/** What a document says, as one of our clients, without what an operator decides: ceilings and lifetimes. */
export type ReadDocument = {
  readonly metadata: ClientMetadata
  /** Where its keys are, if they are not in it. */
  readonly jwksUri?: string | undefined
}

/** A document that cannot be used; the message says why, for operators. */
export class DocumentFault extends Error {}

const MOST_NAME_CHARACTERS = 64
const MOST_REDIRECTS = 20
const GRANT_TYPES = ['authorization_code', 'refresh_token']
const SCOPE_NAME = /^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/
const MOST_SCOPES = 50

const names = z.array(z.string().max(100)).max(50)
const webAddress = z
  .url({ protocol: /^https$/, error: 'must be https' })
  .max(512)
  .refine((text) => isPlain(text) && isStorable(text), 'must be one plain line')
  .optional()

const documentShape = z.looseObject({
  client_id: z.string(),
  client_name: z
    .string()
    .trim()
    .min(1)
    .max(MOST_NAME_CHARACTERS)
    .refine((name) => isPlain(name) && isStorable(name) && shapeOf(name) !== '', 'must be one plain line')
    .transform((name) => name.normalize('NFC'))
    .optional(),
  redirect_uris: z
    .array(z.string().refine(isUsableRedirect, 'must be https, http to loopback, or a scheme named after a domain'))
    .min(1)
    .max(MOST_REDIRECTS),
  application_type: z.enum(['web', 'native']).optional(),
  grant_types: names.optional(),
  response_types: names.optional(),
  token_endpoint_auth_method: z.enum(['none', 'private_key_jwt']).optional(),
  // Not in the standard; documents of the field have it in place of the member above.
  token_endpoint_auth_methods_supported: names.optional(),
  token_endpoint_auth_signing_alg: z.enum(['RS256', 'PS256', 'ES256', 'EdDSA']).optional(),
  scope: z.string().max(4000).optional(),
  jwks: publicKeys.optional(),
  jwks_uri: webAddress,
  client_uri: webAddress,
  logo_uri: webAddress,
  policy_uri: webAddress,
  tos_uri: webAddress,
  dpop_bound_access_tokens: z.boolean().optional(),
  require_pushed_authorization_requests: z.boolean().optional(),
  client_secret: z.never('must not be there').optional(),
  client_secret_expires_at: z.never('must not be there').optional(),
})
type Said = z.output<typeof documentShape>

/**
 * Reads a metadata document (Client ID Metadata Document §4). What this server has no use for is left out, and what
 * documents of the field leave out is filled in: no method is `none`, a loopback redirect makes an app native.
 *
 * @throws {DocumentFault} where it cannot be used.
 */
export function readDocument(text: string, url: URL): ReadDocument {
  const said = parsed(text)
  // Letter by letter: whoever may write at one address may not speak for another.
  if (said.client_id !== url.href) throw new DocumentFault('client_id is not the address of the document')
  if (said.jwks && said.jwks_uri) throw new DocumentFault('jwks and jwks_uri are both there')
  const grantTypes = (said.grant_types ?? ['authorization_code']).filter((name) => GRANT_TYPES.includes(name))
  if (!grantTypes.includes('authorization_code')) throw new DocumentFault('grant_types lacks authorization_code')
  if (said.response_types && !said.response_types.includes('code')) throw new DocumentFault('response_types lacks code')
  const method = methodOf(said)
  const hasKeys = said.jwks !== undefined || said.jwks_uri !== undefined
  if (method === 'private_key_jwt' && !hasKeys) throw new DocumentFault('private_key_jwt needs jwks or jwks_uri')
  return {
    metadata: metadataOf(said, url, { grantTypes, method }),
    ...(method === 'private_key_jwt' && said.jwks_uri !== undefined && { jwksUri: said.jwks_uri }),
  }
}

/**
 * The keys of a document that are at another address.
 *
 * @throws {DocumentFault} where they cannot be used.
 */
export function readKeySet(text: string): PublicKeys {
  return checked(publicKeys, text, 'the key set')
}

function parsed(text: string): Said {
  return checked(documentShape, text, 'the document')
}

function checked<Shape extends z.ZodType>(shape: Shape, text: string, what: string): z.output<Shape> {
  let value: unknown
  try {
    value = parseStrictly(text)
  } catch {
    throw new DocumentFault(`${what} is no plain JSON`)
  }
  const { data, error } = shape.safeParse(value)
  const issue = error?.issues[0]
  if (issue) throw new DocumentFault(`${what}: ${[...issue.path.map(String), issue.message].join(' ').slice(0, 200)}`)
  return data as z.output<Shape> // there is no error
}

function metadataOf(
  said: Said,
  url: URL,
  { grantTypes, method }: { readonly grantTypes: readonly string[]; readonly method: 'none' | 'private_key_jwt' },
): ClientMetadata {
  const scopes = [...new Set(said.scope?.split(' '))].filter((name) => SCOPE_NAME.test(name)).slice(0, MOST_SCOPES)
  const ownLinks = (['client_uri', 'policy_uri', 'tos_uri'] as const).flatMap((name) => {
    const link = said[name]
    // A page of somebody else would lend the app a good name.
    return link !== undefined && new URL(link).host === url.host ? [[name, link] as const] : []
  })
  return {
    client_id: said.client_id,
    client_name: said.client_name ?? url.host,
    application_type: said.redirect_uris.some(endsAtComputer) ? 'native' : 'web',
    grant_types: grantTypes,
    response_types: ['code'],
    redirect_uris: said.redirect_uris,
    token_endpoint_auth_method: method,
    require_pkce: true,
    ...(scopes.length > 0 && { default_scope: scopes.join(' ') }),
    ...(method === 'private_key_jwt' && said.jwks && { jwks: said.jwks }),
    ...(said.token_endpoint_auth_signing_alg &&
      method === 'private_key_jwt' && { token_endpoint_auth_signing_alg: said.token_endpoint_auth_signing_alg }),
    ...(said.dpop_bound_access_tokens && { dpop_bound_access_tokens: true }),
    ...(said.require_pushed_authorization_requests && { require_pushed_authorization_requests: true }),
    ...Object.fromEntries(ownLinks),
  }
}

function methodOf({
  token_endpoint_auth_method: method,
  token_endpoint_auth_methods_supported: methods,
}: Said): 'none' | 'private_key_jwt' {
  if (method) return method
  if (!methods || methods.includes('none')) return 'none'
  if (methods.includes('private_key_jwt')) return 'private_key_jwt'
  throw new DocumentFault('token_endpoint_auth_methods_supported has neither none nor private_key_jwt')
}
