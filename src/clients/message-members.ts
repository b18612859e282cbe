import { z } from 'zod'

const algorithm = z.enum(['RS256', 'PS256', 'ES256', 'EdDSA'])

/** Key management by public keys. What works with a shared secret is left out: of secrets only digests are kept. */
export const ENCRYPTION_ALGORITHMS = [
  'RSA-OAEP',
  'RSA-OAEP-256',
  'ECDH-ES',
  'ECDH-ES+A128KW',
  'ECDH-ES+A256KW',
] as const
export const CONTENT_ENCRYPTIONS = ['A128CBC-HS256', 'A256CBC-HS512', 'A128GCM', 'A256GCM'] as const

const RESPONSE_MODES = ['query', 'fragment', 'form_post', 'jwt', 'query.jwt', 'fragment.jwt', 'form_post.jwt'] as const

const encryption = z.enum(ENCRYPTION_ALGORITHMS)
const content = z.enum(CONTENT_ENCRYPTIONS)

/** Standard members about signed requests, and about answers that are signed or encrypted. */
export const messageMembers = {
  request_object_signing_alg: algorithm
    .optional()
    .describe('The one algorithm of its signed authorization requests (RFC 9101). Unless given: any of this server.'),
  require_signed_request_object: z
    .boolean()
    .optional()
    .describe('Takes authorization requests only as signed request objects, in "request" (RFC 9101 §10.5).'),
  response_modes: z
    .array(z.enum(RESPONSE_MODES))
    .readonly()
    .optional()
    .describe(
      'The response modes that its authorization requests may ask for; query is what they ask for when they name none. Those with jwt answer with a signed JWT (JARM). Unless given: all.',
    ),
  authorization_signed_response_alg: algorithm
    .optional()
    .describe(
      'The algorithm of the JWT that answers its authorization requests where they ask for response_mode=jwt (JARM). Unless given: RS256.',
    ),
  authorization_encrypted_response_alg: encryption
    .optional()
    .describe('How the key is encrypted that encrypts such an answer, to a key of jwks or jwks_uri.'),
  authorization_encrypted_response_enc: content
    .optional()
    .describe('How such an answer itself is encrypted. Unless given: A128CBC-HS256.'),
  id_token_encrypted_response_alg: encryption
    .optional()
    .describe('Has its ID tokens encrypted as well, to a key of jwks or jwks_uri; they are signed inside.'),
  id_token_encrypted_response_enc: content
    .optional()
    .describe('How its ID tokens are encrypted. Unless given: A128CBC-HS256.'),
  userinfo_encrypted_response_alg: encryption
    .optional()
    .describe('Has answers of userinfo encrypted as well. Needs userinfo_signed_response_alg.'),
  userinfo_encrypted_response_enc: content
    .optional()
    .describe('How answers of userinfo are encrypted. Unless given: A128CBC-HS256.'),
  introspection_encrypted_response_alg: encryption
    .optional()
    .describe('Has signed answers of introspection encrypted as well (RFC 9701 §6).'),
  introspection_encrypted_response_enc: content
    .optional()
    .describe('How answers of introspection are encrypted. Unless given: A128CBC-HS256.'),
} as const
