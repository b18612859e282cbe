import type { LinkedAccounts } from '../../customers/linked-accounts/linked-accounts.ts'
import type { UpstreamProtocol } from '../../upstreams/protocol/provider.ts'
import { UpstreamError } from '../../upstreams/protocol/upstream-error.ts'
import type { UpstreamRegistry } from '../../upstreams/registry.ts'
import type { UpstreamRequests } from '../upstreams/upstream-requests.ts'
import type { AccountSection } from './section.ts'
import type { Visit } from './visit.ts'

const CONNECT = 'security/connect'
const DISCONNECT = 'security/disconnect'

export type ProvidersSectionDeps = {
  readonly registry: Pick<UpstreamRegistry, 'find' | 'usable'>
  readonly protocol: Pick<UpstreamProtocol, 'finish'>
  readonly requests: Pick<UpstreamRequests, 'find' | 'take'>
  readonly linkedAccounts: LinkedAccounts
  /** Where a customer is sent to a provider, to connect it. */
  readonly connectAddress: (upstreamId: string) => string
  readonly onProblem: (upstreamId: string, problem: unknown) => void
}

/** The accounts at sign-in providers that are connected with the customer's; one can be added, and taken away. */
export function createProvidersSection(deps: ProvidersSectionDeps): AccountSection {
  const { registry, protocol, requests, linkedAccounts, onProblem } = deps
  const { nameOf } = linkedAccounts

  /** The provider that this very customer was sent to; undefined for a state of somebody else. */
  async function askedBy({ customer }: Visit, state: string): Promise<string | undefined> {
    const request = await requests.find(state)
    const { purpose, upstreamId } = request ?? {}
    return purpose?.of === 'account' && purpose.customerId === customer.id ? upstreamId : undefined
  }

  async function linkOf({ customer }: Visit, id: string) {
    return (await linkedAccounts.ofCustomer(customer.id)).find((link) => link.id === id)
  }

  return {
    page: 'security',
    async show({ customer, addressOf }) {
      const links = await linkedAccounts.ofCustomer(customer.id)
      const usable = registry.usable()
      if (links.length === 0 && usable.length === 0) return undefined
      return {
        template: 'providers',
        links: links.map(({ id, upstreamId, email, lastUsedAt }) => ({
          name: nameOf(upstreamId),
          email,
          lastUsedAt: lastUsedAt.getTime() / 1000,
          href: addressOf(`${DISCONNECT}?id=${id}`),
        })),
        others: usable
          .filter(({ id, has_button }) => has_button !== false && !links.some(({ upstreamId }) => upstreamId === id))
          .map(({ id, name }) => ({ name, href: deps.connectAddress(id) })),
      }
    },
    acts: [
      {
        path: CONNECT,
        isSensitive: true,
        keeps: ['token'],
        async open(visit, { values, problem }) {
          // What was asked for is used up by then.
          if (problem !== undefined && problem !== 'send-again') return { template: 'connect-form' }
          const token = values.token ?? textOf(visit.ctx.query.token)
          const upstreamId = await askedBy(visit, token)
          return upstreamId === undefined
            ? undefined
            : { template: 'connect-form', ...visit.form(CONNECT), token, provider: nameOf(upstreamId) }
        },
        async submit(visit, { token = '' }) {
          const upstreamId = await askedBy(visit, token)
          const usable = upstreamId === undefined ? undefined : registry.find(upstreamId)
          const taken = usable && (await requests.take(token))
          if (!usable || !taken) return { outcome: 'unknown' }
          const { code, iss } = taken.answer
          if (code === undefined) return { outcome: 'refused', problem: 'provider-failed' }
          try {
            const { identity } = await protocol.finish(usable, taken.request, { code, iss })
            const outcome = await linkedAccounts.connect(visit.customer.id, identity)
            return outcome === 'connected'
              ? { outcome: 'done', notice: 'provider-connected' }
              : { outcome: 'refused', problem: 'provider-taken', status: 409 }
          } catch (error) {
            if (!(error instanceof UpstreamError)) throw error
            onProblem(usable.upstream.id, error)
            return { outcome: 'refused', problem: 'provider-failed', status: 502 }
          }
        },
      },
      {
        path: DISCONNECT,
        isSensitive: true,
        keeps: ['id'],
        async open(visit, { values }) {
          const link = await linkOf(visit, values.id ?? textOf(visit.ctx.query.id))
          if (!link) return undefined
          const { id, upstreamId, email } = link
          return { template: 'disconnect-form', ...visit.form(DISCONNECT), id, provider: nameOf(upstreamId), email }
        },
        async submit({ customer }, { id = '' }) {
          const outcome = await linkedAccounts.disconnect(customer.id, id)
          if (outcome === 'unknown') return { outcome }
          if (outcome === 'last-way-in') return { outcome: 'refused', problem: 'last-way-in', status: 409 }
          return { outcome: 'done', notice: 'provider-disconnected' }
        },
      },
    ],
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
