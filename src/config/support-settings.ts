import { z } from 'zod'
import { list, type Setting, seconds } from './setting.ts'

/** Scopes between commas or blanks. */
const scopes = z
  .string()
  .regex(/^[\x21\x23-\x5b\x5d-\x7e\s]*$/, 'must be scopes (RFC 6749 §3.3) between commas or blanks')
  .transform((value) => value.split(/[\s,]+/).join(','))
  .pipe(list)

/** Agents who act for customers: docs/how-to/support-access.md. */
export const supportSettings = {
  SUPPORT_ACCESS_SECONDS: {
    type: seconds.max(86_400, 'must be a day (86400) at most'),
    default: '3600',
    sentence:
      'How long an agent may act for a customer, at most: then all tokens of it end for good, and the agent asks again. It never lasts longer than the agent’s own token.',
  },
  SUPPORT_ACCESS_REASON: {
    type: z.enum(['optional', 'required']),
    default: 'optional',
    sentence: 'Whether an agent must say why: a text or the number of a ticket, as the parameter reason.',
  },
  SUPPORT_ACCESS_PERMISSION: {
    type: z.enum(['not-needed', 'needed']),
    default: 'not-needed',
    sentence: 'Whether agents may act only for customers who allow it.',
  },
  SUPPORT_ACCESS_APPROVAL: {
    type: z.enum(['none', 'second-person']),
    default: 'none',
    sentence:
      'Whether an administrator who is not the agent must approve each access first. The agent then asks once more within 15 minutes.',
  },
  SUPPORT_ACCESS_SCOPES: {
    type: scopes,
    sentence: 'The only scopes of an agent who acts for a customer; others are left out. Unset: no further limit.',
  },
  SUPPORT_ACCESS_SENSITIVE_SCOPES: {
    type: scopes,
    default: '',
    sentence: 'Scopes that an agent never has who acts for a customer; a request that names one is refused.',
  },
  SUPPORT_ACCESS_NOTICE: {
    type: z.enum(['mail', 'none']),
    default: 'mail',
    sentence:
      'Whether a customer is told by mail when an agent begins to act for them. Only a confirmed address is written to, and only where mail can be sent.',
  },
} as const satisfies Record<string, Setting>
