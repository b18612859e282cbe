import { z } from 'zod'
import type { Message, NewMessage, SendResult } from '../../outbox/message.ts'
import { sendSigned, type WebhookTarget } from '../../webhook.ts'

/** The kind of these messages in the outbox. */
export const CIBA_DELIVERY = 'ciba-delivery'
/** Its one receiver. */
const SHOP = 'CIBA_DELIVERY_URL'

/** What the shop is told, so that its app can ask the customer to look: nothing of what is asked for. */
const notice = z.object({
  id: z.string(),
  type: z.literal('approval.asked'),
  customerReference: z.string(),
  clientId: z.string(),
  expiresAt: z.number(),
  url: z.string(),
})
export type ShopNotice = z.output<typeof notice>

export function toShopNotice(payload: ShopNotice): NewMessage {
  return { kind: CIBA_DELIVERY, receiver: SHOP, payload }
}

/** Tells the shop once, by a signed call as of every webhook, unless the request is over. */
export function createTellShop(target: WebhookTarget) {
  return async function tellShop({ payload }: Pick<Message, 'payload'>): Promise<SendResult> {
    const read = notice.safeParse(payload).data
    if (!read) return { refused: 'the message has another form than this release writes' }
    if (read.expiresAt <= Date.now() / 1000) return { refused: 'the request is over' }
    const failure = await sendSigned(target, { id: read.id, body: JSON.stringify(read) })
    return failure === undefined ? 'delivered' : { retry: failure }
  }
}
