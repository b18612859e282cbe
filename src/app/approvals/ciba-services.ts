import type { Config } from '../../config.ts'
import type { Log } from '../../log.ts'
import { type Approvals, createApprovals } from '../../oauth/ciba/approvals.ts'
import { createAskCustomer } from '../../oauth/ciba/ask-customer.ts'
import type { CibaDeps } from '../../oauth/ciba/feature.ts'
import { CIBA_PING, createSendPing, toPing } from '../../oauth/ciba/ping.ts'
import { CIBA_DELIVERY, createTellShop, toShopNotice } from '../../oauth/ciba/tell-shop.ts'
import type { Backends } from '../backends.ts'
import type { AccountServices } from '../services/account.ts'
import type { ClientServices } from '../services/clients.ts'
import type { CustomerServices } from '../services/customers.ts'

/** Approval on another device (CIBA). */
export type CibaServices = {
  readonly approvals: Approvals
  readonly feature: CibaDeps
  readonly queuePing: (request: Parameters<typeof toPing>[0]) => Promise<void>
}

type CibaServicesDeps = {
  readonly log: Log
  readonly clients: Pick<ClientServices, 'registry' | 'findClient'>
  readonly customers: Pick<CustomerServices, 'directory'>
  readonly account: Pick<AccountServices, 'tell'>
}

export function createCibaServices(
  { ISSUER: issuer, CIBA_DELIVERY_URL: url, CIBA_DELIVERY_SECRET: secret }: Config,
  { storage, tokenKeys: sealKeys, outbox, guardedFetch, auditTrail, metrics }: Backends,
  { log, clients, customers: { directory }, account }: CibaServicesDeps,
): CibaServices {
  const approvals = createApprovals({ storage, sealKeys })
  outbox.register(CIBA_PING, {
    send: createSendPing({ fetch: guardedFetch, findClient: clients.findClient, sealKeys }),
    isGone: async (clientId) => (await clients.registry.stateOf(clientId)) !== 'enabled',
  })
  if (url && secret) {
    outbox.register(CIBA_DELIVERY, { send: createTellShop({ url, secret }), isGone: async () => false })
  }
  const ask = createAskCustomer({
    storage,
    approvals,
    audit: auditTrail.append,
    noteRequest: (outcome) => metrics.backchannelRequests.inc({ outcome }),
    deliver(customer, { id, clientId, expiresAt }) {
      const told = async () => {
        const client = await clients.findClient(clientId)
        const ttlSeconds = Math.max(0, expiresAt - Math.floor(Date.now() / 1000))
        const values = { client: client?.client_name ?? clientId }
        account.tell(customer, { kind: 'approval-asked', path: '/account/apps', values, ttlSeconds })
        if (!url || !secret) return
        const { customerReference } = customer
        const page = `${issuer}/account/apps/approve?id=${id}`
        const notice = { id, type: 'approval.asked', customerReference, clientId, expiresAt, url: page } as const
        await outbox.enqueue([toShopNotice(notice)])
      }
      told().catch((error: unknown) => log.warn({ event: 'approval.not-told', clientId, err: error }))
    },
  })
  return {
    approvals,
    feature: { storage, findByLogin: directory.findByLogin, findById: directory.findById, ask },
    queuePing: (request) => outbox.enqueue([toPing(request, sealKeys)]),
  }
}
