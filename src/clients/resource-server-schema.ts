import { z } from 'zod'
import { resourceIdentifier } from '../config/setting.ts'
import { isStorable, textFlaw } from '../database/storable.ts'
import { isPlain } from '../plain-text.ts'
import { unknownMembers } from '../unknown-members.ts'
import { LONGEST_TOKEN_SECONDS } from './client-schema.ts'
import { scopeDescription } from './scope-descriptions.ts'
import { scopePolicy } from './scope-policies.ts'

const scopes = z
  .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/, 'must be a scope (RFC 6749 §3.3)'))
  .max(500)
  .readonly()

const webPage = (sentence: string) =>
  z
    .url({ protocol: /^https?$/ })
    .max(2000)
    .optional()
    .describe(sentence)

/**
 * Every member of a resource server: its type, its check and its sentence. `docs/resource-servers.md`, the API document and
 * the check of what is stored are made of it.
 */
export const resourceServerMembers = {
  identifier: resourceIdentifier.describe(
    'The absolute URI that clients send as resource (RFC 8707 §2); it cannot change.',
  ),
  audience: z
    .string()
    .min(1)
    .max(255)
    .refine(isStorable, { error: ({ input }) => textFlaw(String(input)) })
    .optional()
    .describe('The aud of its tokens. Unless given: the identifier.'),
  format: z
    .enum(['jwt', 'opaque'])
    .describe('"jwt": tokens that it can check by itself (RFC 9068). "opaque": it asks about each at introspection.'),
  algorithm: z
    .enum(['ES256', 'RS256', 'PS256', 'EdDSA'])
    .optional()
    .describe('How its JWTs are signed; SIGNING_ALGORITHMS must have it. Unless given: ES256.'),
  token_typ: z
    .enum(['at+jwt', 'JWT'])
    .optional()
    .describe(
      'The typ in the header of its JWTs: "at+jwt" (RFC 9068 §2.1), or "JWT" for verifiers that take no other, such as the default of Spring Security. With "JWT" it must tell them from ID tokens by aud alone. Unless given: at+jwt.',
    ),
  with_nbf: z
    .boolean()
    .optional()
    .describe(
      'Puts nbf into its JWTs, equal to iat, for verifiers that refuse tokens without it (StrictValidAt of lcobucci/jwt). Unless given: false.',
    ),
  status_list: z
    .boolean()
    .optional()
    .describe(
      'Puts status.status_list into its JWTs: their place in a list of revoked tokens (Token Status List), for verifiers that read such lists. Each token costs a row in the database until it expires. Unless given: false.',
    ),
  scopes: scopes.describe('The scopes that clients may ask for at it; [] where it has none of its own.'),
  scopeDescriptions: z
    .record(z.string(), scopeDescription)
    .optional()
    .describe(
      'What scopes allow, in each language: people read it where they are asked for consent. For example {"orders:read": {"en": "See your orders", "de": "Ihre Bestellungen sehen"}}.',
    ),
  resource_name: z
    .string()
    .min(1)
    .max(100)
    .refine(isPlain, 'must be one line without control or direction characters')
    .optional()
    .describe('The name that its metadata document gives (RFC 9728 §2); software may show it to people.'),
  resource_documentation: webPage('The address of its documentation for developers, in its metadata document.'),
  resource_policy_uri: webPage('The address of what it says of the use of its data, in its metadata document.'),
  resource_tos_uri: webPage('The address of its terms, in its metadata document.'),
  scope_policies: z
    .record(z.string(), scopePolicy)
    .optional()
    .describe(
      'What a sign-in must be like for tokens to have a scope: {"orders:write": {"min_acr": "urn:vestibule:acr:second-factor", "max_token_age": 900}}. People are asked to sign in so before the consent; a token request that does not meet it gets the other scopes. No token with a scope that has max_token_age outlives that. For tokens of people, not of clients themselves.',
    ),
  is_offered: z
    .boolean()
    .optional()
    .describe(
      'Whether software of others (clients without first_party) may have tokens for it, the metadata of the server lists its scopes, and it has a metadata document (RFC 9728) if its identifier is an address. Unless given: true.',
    ),
  anonymousScopes: scopes
    .optional()
    .describe(
      'Scopes for visitors who have not signed in; [] gives them tokens without any. Unless given: it does not serve them.',
    ),
  hasMachineTokens: z
    .boolean()
    .optional()
    .describe(
      'Whether clients may have tokens of their own for it, without a person (client_credentials). Unless given: false.',
    ),
  accessTokenTtlSeconds: z
    .int()
    .positive()
    .max(LONGEST_TOKEN_SECONDS)
    .optional()
    .describe('How long its access tokens live, unless the client says otherwise. Unless given: 28800, eight hours.'),
  hasFullPermissions: z
    .boolean()
    .optional()
    .describe('Puts permissions with their configurations into its tokens, not only their keys. Unless given: false.'),
  accessTokenMaxBytes: z
    .int()
    .min(2048)
    .max(24_576)
    .optional()
    .describe(
      'How long its JWTs may be, in bytes; a longer one has the digest of the permissions in place of the list. Unless given: ACCESS_TOKEN_MAX_BYTES.',
    ),
  hasResendingClients: z
    .boolean()
    .optional()
    .describe(
      'Its clients send a refused password again by themselves: a few identical sends count as one wrong password. Unless given: false.',
    ),
} as const

export type ResourceServerMember = keyof typeof resourceServerMembers

/** Traits of the shop systems that dialects stand in for; see the type `ResourceServer`. */
const TRAITS = ['hasShortTokens', 'throttle', 'refreshPolicy', 'ownClient', 'agentsFrom', 'takesResetKeys', 'vouching']
const OF_DIALECTS = 'is for the resource servers of dialects alone: leave it out'

const settings = { ...resourceServerMembers, identifier: resourceServerMembers.identifier.optional() }

/** A resource server that is about to be stored: no unknown member, and nothing that contradicts itself. */
export const resourceServer = withoutContradictions(z.strictObject(resourceServerMembers, { error: complaint })).meta({
  id: 'ResourceServer',
})

/** The same for one whose identifier is known from elsewhere. */
export const resourceServerSettings = withoutContradictions(z.strictObject(settings, { error: complaint })).meta({
  id: 'ResourceServerSettings',
})

/** One that is stored. An earlier release may have stored members that are refused now. */
export const storedResourceServer = z.looseObject(resourceServerMembers).meta({ id: 'StoredResourceServer' })

function complaint({ code, keys }: { readonly code?: string; readonly keys?: readonly string[] }): string | undefined {
  if (code !== 'unrecognized_keys' || !keys) return undefined
  return unknownMembers(keys, {
    of: 'a resource server',
    members: Object.keys(resourceServerMembers),
    refused: Object.fromEntries(TRAITS.map((trait) => [trait, OF_DIALECTS])),
    page: 'docs/resource-servers.md',
  })
}

/** Members about what a JWT says: an opaque token says nothing. */
const OF_JWTS = ['token_typ', 'with_nbf', 'status_list'] as const
type Contradicting = 'scopes' | 'scopeDescriptions' | 'scope_policies' | 'format' | (typeof OF_JWTS)[number]

function withoutContradictions<Schema extends z.ZodObject<Pick<typeof resourceServerMembers, Contradicting>>>(
  schema: Schema,
): Schema {
  return schema.superRefine(({ scopes, scopeDescriptions = {}, scope_policies = {}, format, ...others }, context) => {
    for (const name of OF_JWTS.filter((member) => format === 'opaque' && others[member])) {
      context.addIssue({
        code: 'custom',
        path: [name],
        message: 'is for JWTs, and its format is "opaque": leave it out',
      })
    }
    for (const name of Object.keys(scopeDescriptions).filter((described) => !scopes.includes(described))) {
      context.addIssue({
        code: 'custom',
        path: ['scopeDescriptions', name],
        message: 'describes a scope that is not among its scopes',
      })
    }
    for (const name of Object.keys(scope_policies).filter((policed) => !scopes.includes(policed))) {
      context.addIssue({
        code: 'custom',
        path: ['scope_policies', name],
        message: 'is about a scope that is not among its scopes',
      })
    }
  })
}
