import { z } from 'zod'
import { ACR_VALUES } from './acr-values.ts'

const SHORTEST_AGE_SECONDS = 60
const LONGEST_AGE_SECONDS = 31_536_000

/** What a sign-in must be like for tokens to have a scope. */
export const scopePolicy = z
  .strictObject({
    min_acr: z
      .enum(ACR_VALUES)
      .optional()
      .describe('How strongly the person must have signed in: this value of acr_values_supported, or one after it.'),
    max_token_age: z
      .int()
      .min(SHORTEST_AGE_SECONDS)
      .max(LONGEST_AGE_SECONDS)
      .optional()
      .describe('Seconds after the sign-in (auth_time) in which tokens with the scope are issued, and work.'),
  })
  .refine(({ min_acr, max_token_age }) => min_acr !== undefined || max_token_age !== undefined, {
    error: 'demands nothing: give min_acr, max_token_age or both, or leave it out',
  })

export type ScopePolicy = z.output<typeof scopePolicy>
