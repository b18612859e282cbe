import { z } from 'zod'
import { epochSeconds, instant } from './shapes.ts'

/** RFC 7591 metadata; the protocol engine judges what is in it. */
export const metadata = z.looseObject({ client_id: z.string().min(1).max(255) }).meta({ id: 'ClientMetadata' })

export const client = z.object({ metadata, isEnabled: z.boolean() }).meta({ id: 'Client' })

export const newClient = z.strictObject({ metadata, secret: z.string().min(8).optional() })

export const clientSecret = z
  .object({ name: z.string(), expiresAt: epochSeconds.optional() })
  .meta({ id: 'ClientSecret' })

export const newSecret = z.strictObject({
  name: z.string().min(1).max(64),
  expiresAt: instant.optional(),
  secret: z.string().min(16).optional(),
})
