import { DELIVERY_METHODS, EVENTS_SUPPORTED } from '../../shared-signals/event-types.ts'
import { INACTIVITY_SECONDS } from '../../shared-signals/inactivity.ts'
import { eventsOf, MIN_VERIFICATION_SECONDS, type Stream } from '../../shared-signals/stream.ts'
import type { JsonObject } from '../json-body.ts'

/** Where a stream is polled, below the issuer. */
export const POLL_PATH = '/ssf/poll'

export type ViewContext = {
  readonly issuer: string
  /** Shown to those who may change the stream alone. */
  readonly authorizationHeader?: string | undefined
}

/** A stream as its receiver sees it (SSF 1.0 §8.1.1). */
export function viewOf(stream: Stream, { issuer, authorizationHeader }: ViewContext): JsonObject {
  const { id, clientId, eventsRequested, method, endpointUrl, description } = stream
  const delivery =
    method === 'poll'
      ? { endpoint_url: `${issuer}${POLL_PATH}/${id}` }
      : {
          endpoint_url: endpointUrl,
          ...(authorizationHeader !== undefined && { authorization_header: authorizationHeader }),
        }
  return {
    stream_id: id,
    iss: issuer,
    aud: clientId,
    events_supported: [...EVENTS_SUPPORTED],
    ...(eventsRequested !== undefined && { events_requested: [...eventsRequested] }),
    events_delivered: [...eventsOf(stream)],
    delivery: { method: DELIVERY_METHODS[method], ...delivery },
    min_verification_interval: MIN_VERIFICATION_SECONDS,
    ...(method === 'poll' && { inactivity_timeout: INACTIVITY_SECONDS }),
    ...(description !== undefined && { description }),
  }
}
