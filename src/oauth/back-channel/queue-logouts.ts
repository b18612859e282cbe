import type { Client, Provider } from 'oidc-provider'

/** Has a client told, soon, of the end of a person's session there. */
export type QueueLogout = (ended: {
  readonly clientId: string
  readonly accountId: string
  readonly sid: string
}) => Promise<void>

/**
 * The library tells the clients of a browser that signs out within the person's request, once, and waits for each of them. Now it puts
 * a message into the outbox.
 */
export function queueLogouts({ Client: Model }: Provider, queueLogout: QueueLogout): void {
  // The published type leaves the method out.
  const prototype = Model.prototype as Client & { backchannelLogout(accountId: string, sid: string): Promise<void> }
  prototype.backchannelLogout = function backchannelLogout(accountId, sid) {
    return queueLogout({ clientId: this.clientId, accountId, sid })
  }
}
