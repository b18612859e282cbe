/** A message on its way into the outbox. */
export type NewMessage = {
  /** As its sender is registered. */
  readonly kind: string
  /** Whom it goes to, in the words of its sender: a client's id, a stream's. */
  readonly receiver: string
  /** Messages of one receiver and key are sent in the order in which they were added; without a key in any. */
  readonly orderKey?: string
  /** It is not added while another of the same receiver and key waits for its first attempt. */
  readonly collapseKey?: string
  readonly payload: Payload
}

/** JSON, and no secret: tokens are made when it is sent. */
export type Payload = Readonly<Record<string, unknown>>

/** A message that is to be sent now. */
export type Message = {
  /** The same at each attempt. */
  readonly id: string
  readonly kind: string
  readonly receiver: string
  readonly payload: Payload
  /** How often it was tried before. */
  readonly attempts: number
  readonly createdAtMs: number
}

/**
 * What came of an attempt: `retry` says why it may succeed later (no connection, no answer, 408, 429, 5xx), `refused` why it never will.
 * `afterSeconds` is what the receiver asked for (Retry-After, RFC 9110 §10.2.3).
 */
export type SendResult =
  | 'delivered'
  | { readonly retry: string; readonly afterSeconds?: number }
  | { readonly refused: string }

/** Sends a message once. What it throws counts as `retry`. */
export type Sender = (message: Message) => Promise<SendResult>

export type Registration = {
  readonly send: Sender
  /** Whether there is no such receiver any more: what waits for it is removed and never sent. */
  readonly isGone: (receiver: string) => Promise<boolean>
}
