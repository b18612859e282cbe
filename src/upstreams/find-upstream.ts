import { normalizeEmail } from '../credentials/email.ts'
import type { UpstreamRegistry, UsableUpstream } from './registry.ts'

/** Finds the provider of the company that an e-mail address belongs to. It depends on the domain alone, and so tells of no account. */
export function createFindUpstream({ usable, find }: Pick<UpstreamRegistry, 'find' | 'usable'>) {
  return function findUpstream(login: string): UsableUpstream | undefined {
    const all = usable().filter(({ email_domains = [] }) => email_domains.length > 0)
    if (all.length === 0 || !login.includes('@')) return undefined
    const domain = normalizeEmail(login).split('@').at(-1) ?? ''
    const named = all.find(({ email_domains = [] }) => email_domains.includes(domain))
    return named && find(named.id)
  }
}
