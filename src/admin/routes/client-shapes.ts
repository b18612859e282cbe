import { z } from 'zod'
import { isAddressSegment, NO_ADDRESS_SEGMENT } from '../../address-segment.ts'
import { clientMetadata, storedClientMetadata } from '../../clients/client-schema.ts'
import { FEWEST_SECRET_CHARACTERS } from '../../clients/secrets.ts'
import { epochSeconds, instant } from './shapes.ts'

export const client = z
  .object({
    metadata: storedClientMetadata.describe('Its members, as docs/clients.md explains them.'),
    isEnabled: z.boolean().describe('Whether it gets tokens, and whether its tokens work.'),
  })
  .meta({ id: 'Client' })

const warnings = z.array(z.string()).optional().describe('What is allowed and seldom meant, a sentence each.')

/** The answer to a change of a client. */
export const storedClient = client.extend({ warnings }).meta({ id: 'StoredClient' })

/** The answer to a new client. */
export const madeClient = storedClient
  .extend({ secret: z.string().optional().describe('The secret that was made for it: only this answer contains it.') })
  .meta({ id: 'MadeClient' })

/** Guessing must be hopeless: a plain digest of it is stored. */
const secret = z
  .string()
  .min(
    FEWEST_SECRET_CHARACTERS,
    `must be at least ${FEWEST_SECRET_CHARACTERS} characters; "openssl rand -base64 32" makes a good one`,
  )
  .regex(/^[\x20-\x7e]*$/, 'must be printable ASCII: client authentication carries nothing else (RFC 6749, A.2)')
  .describe('A secret of your own; without it one is made where one is needed.')

export const newClient = z.strictObject({
  metadata: clientMetadata.describe('Its members, as docs/clients.md explains them.'),
  secret: secret.optional(),
})

/** In an answer or a path. */
export const secretName = z.string().describe('The name of the secret, by which people tell it from others.')

export const clientSecret = z
  .object({ name: secretName, expiresAt: epochSeconds('When it stops working').optional() })
  .meta({ id: 'ClientSecret' })

export const newSecret = z.strictObject({
  name: secretName.min(1).max(64).refine(isAddressSegment, NO_ADDRESS_SEGMENT),
  expiresAt: instant.optional(),
  secret: secret.optional(),
})
