import { z } from 'zod'
import type { Page } from '../../database/page.ts'
import { isStorable, textFlaw } from '../../database/storable.ts'

/** A text that Postgres keeps as it is. */
export const text = z.string().refine(isStorable, { error: ({ input }) => textFlaw(String(input)) })

export const name = text.min(1).max(255)

/** An instant in an answer; `what` happens then. */
export const epochSeconds = (what: string) => z.number().describe(`${what}; epoch seconds.`)

/** What a database and a clock can both say: from 1970 to the end of the year 9999. */
const seconds = z.number().min(0).max(253_402_300_799)

/** An instant in a request, as people write it or as answers have it; epoch seconds inside. */
export const instant = z
  .union([
    z
      .union([z.iso.datetime({ offset: true }), z.iso.date()])
      .transform((value) => Date.parse(value) / 1000)
      .pipe(seconds),
    seconds,
  ])
  .describe('ISO 8601, or epoch seconds; a date means its first moment in UTC.')

/** The same in a query, where everything is text. */
export const instantInQuery = z
  .union([instant, z.string().regex(/^\d+$/).transform(Number).pipe(seconds)])
  .describe('ISO 8601, or epoch seconds; a date means its first moment in UTC.')

/** Of every list. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(100).describe('How many items a page has at most.'),
  cursor: z.string().max(2000).optional().describe('The `next` of the previous page; absent for the first page.'),
})

/** A page of a list. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item).describe('The items of this page.'),
    next: z.string().optional().describe('The `cursor` of the next page; absent on the last page.'),
  })
}

/** A list that is short by nature, in the shape of all lists. */
export function whole<Item>(items: readonly Item[]): Page<Item> {
  return { items }
}
