import { z } from 'zod'
import { FEWEST_SECRET_CHARACTERS } from '../../clients/secrets.ts'
import { HOW_TO_LIMIT, isUnlimited } from '../../clients/third-parties.ts'
import { REFRESH_POLICIES } from '../../oauth/refresh/refresh-policy.ts'
import { LONGEST_TOKEN_SECONDS } from '../../oauth/tokens/lifetimes.ts'
import { epochSeconds, instant } from './shapes.ts'

const names = z.array(z.string().min(1))
const lifetime = z.int().positive()
const tokenLifetime = lifetime.max(LONGEST_TOKEN_SECONDS)

/** RFC 7591 metadata, which the protocol engine judges, beside members of our own. */
export const metadata = z
  .looseObject({
    client_id: z.string().min(1).max(255),
    client_secret: z.never('send the secret beside the metadata, as "secret"; only its digest is stored').optional(),
    first_party: z.boolean().optional(),
    default_scope: z.string().optional(),
    access_token_ttl_seconds: tokenLifetime.optional(),
    refresh_token_ttl_seconds: tokenLifetime.optional(),
    refresh_token_absolute_ttl_seconds: lifetime.optional(),
    refresh_retry_seconds: z.int().min(0).optional(),
    refresh_policy: z
      .enum(REFRESH_POLICIES)
      .optional()
      .describe(
        'rotate: a used refresh token is replaced; lazy: it works until its successor was used; keep: it stays.',
      ),
    introspects: names.optional(),
    exchange_targets: names.optional(),
    resource_scopes: names.optional(),
    allowed_origins: names.optional(),
  })
  .meta({ id: 'ClientMetadata' })

export const client = z.object({ metadata, isEnabled: z.boolean() }).meta({ id: 'Client' })

/** Guessing must be hopeless: a plain digest of it is stored. */
const secret = z
  .string()
  .min(
    FEWEST_SECRET_CHARACTERS,
    `must be at least ${FEWEST_SECRET_CHARACTERS} characters; "openssl rand -base64 32" makes a good one`,
  )
  .regex(/^[\x20-\x7e]*$/, 'must be printable ASCII: client authentication carries nothing else (RFC 6749, A.2)')

export const newClient = z.strictObject({
  metadata: metadata
    .refine((given) => !isUnlimited(given), {
      path: ['resource_scopes'],
      error: `a client of others needs it: ${HOW_TO_LIMIT}`,
    })
    .refine(
      ({ refresh_policy, token_endpoint_auth_method }) => {
        return refresh_policy !== 'keep' || token_endpoint_auth_method !== 'none'
      },
      {
        path: ['refresh_policy'],
        error: 'only a client with a secret or a key may keep its refresh token: take rotate or lazy',
      },
    ),
  secret: secret.optional(),
})

export const clientSecret = z
  .object({ name: z.string(), expiresAt: epochSeconds.optional() })
  .meta({ id: 'ClientSecret' })

export const newSecret = z.strictObject({
  name: z.string().min(1).max(64),
  expiresAt: instant.optional(),
  secret: secret.optional(),
})
