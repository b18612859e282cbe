import type { Customer } from '../../customers/customer.ts'
import type { AccountSection } from './section.ts'

const ACT = 'data/download'

export type DataSectionDeps = {
  /** Everything that is kept about the customer; noted, and told by mail. */
  readonly exportData: (customer: Customer, languages: readonly string[]) => Promise<object | undefined>
}

/** Everything that is kept about the customer, as a file. */
export function createDataSection({ exportData }: DataSectionDeps): AccountSection {
  return {
    page: 'data',
    show: async ({ addressOf }) => ({ template: 'data', href: addressOf(ACT) }),
    acts: [
      {
        path: ACT,
        isSensitive: true,
        open: async ({ form }) => ({ template: 'data-form', ...form(ACT) }),
        async submit({ ctx, customer, languages }) {
          const data = await exportData(customer, languages)
          if (!data) return { outcome: 'unknown' }
          ctx.set({
            'Cache-Control': 'no-store',
            'Content-Disposition': 'attachment; filename="my-data.json"',
            'X-Content-Type-Options': 'nosniff',
          })
          ctx.type = 'application/json'
          ctx.body = JSON.stringify(data, null, 2)
          return { outcome: 'answered' }
        },
      },
    ],
  }
}
