import { fullName } from '../../customers/customer.ts'
import type { AccountSection } from './section.ts'

/** Who is signed in, since when. */
export function createOverviewSection(): AccountSection {
  return {
    page: 'overview',
    async show({ customer, session }) {
      const name = fullName(customer)
      return {
        template: 'overview',
        email: customer.email,
        ...(name !== undefined && { name }),
        signedInAt: session.authenticatedAt,
      }
    },
    acts: [],
  }
}
