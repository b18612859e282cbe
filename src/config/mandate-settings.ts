import { z } from 'zod'
import type { Setting } from './setting.ts'

/** Purchase mandates: docs/how-to/purchase-mandates.md. */
export const mandateSettings = {
  MANDATE_TIME_ZONE: {
    type: z.string().refine(isTimeZone, 'must be a time zone, such as Europe/Berlin'),
    default: 'UTC',
    sentence:
      'The time zone of the shop, by which the day, week, month or year of a purchase mandate begins: a name such as Europe/Berlin.',
  },
  MANDATE_MAX_DAYS: {
    type: z.coerce.number().int().positive().max(3650, 'must be 3650 at most'),
    default: '90',
    sentence: 'How many days a purchase mandate lasts at most. A client that asks for more is refused.',
  },
  MANDATE_HISTORY_DAYS: {
    type: z.coerce.number().int().min(1).max(3650, 'must be 3650 at most'),
    default: '400',
    sentence: 'How many days after its last day a purchase mandate stays on record, with its orders.',
  },
} as const satisfies Record<string, Setting>

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
