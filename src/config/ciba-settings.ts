import { z } from 'zod'
import { type Setting, url } from './setting.ts'

/** How the shop learns that a customer is asked for approval on another device (CIBA). */
export const cibaSettings = {
  CIBA_DELIVERY_URL: {
    type: url('http', 'https'),
    sentence:
      'The address of the shop that is told when a client asks a customer for approval (CIBA), so that its app can ask them to look: docs/how-to/ciba.md. Unset: only mail and the account page tell.',
  },
  CIBA_DELIVERY_SECRET: {
    type: z.string().min(16, 'must be at least 16 characters; "openssl rand -base64 32" makes a good one'),
    secret: true,
    sentence: 'Signs the calls to CIBA_DELIVERY_URL (HMAC-SHA256).',
  },
} as const satisfies Record<string, Setting>
