import { type DeliveryMethod, EVENTS_SUPPORTED, type EventType } from './event-types.ts'

export const STREAM_STATUSES = ['enabled', 'paused', 'disabled'] as const
/** enabled: told · paused: told later, what happens is kept · disabled: told nothing (SSF 1.0 §8.1.2.1). */
export type StreamStatus = (typeof STREAM_STATUSES)[number]

/** What a receiver asks for. Undefined members were left out. */
export type StreamWish = {
  /** Also events that there are not; undefined: every event. */
  readonly eventsRequested?: readonly string[] | undefined
  readonly method: DeliveryMethod
  /** Of push alone. */
  readonly endpointUrl?: string | undefined
  /** Sent with each push, word for word. */
  readonly authorizationHeader?: string | undefined
  readonly description?: string | undefined
}

/** A stream of signals to one client. */
export type Stream = Omit<StreamWish, 'authorizationHeader'> & {
  readonly id: string
  readonly clientId: string
  readonly status: StreamStatus
  readonly reason?: string | undefined
  /** An operator paused or disabled it, and alone enables it. */
  readonly isHeld?: true
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly polledAt: Date
}

/** The events that a stream has: those asked for that there are. */
export function eventsOf({ eventsRequested }: Pick<Stream, 'eventsRequested'>): readonly EventType[] {
  return eventsRequested === undefined
    ? EVENTS_SUPPORTED
    : EVENTS_SUPPORTED.filter((event) => eventsRequested.includes(event))
}

/** A verification may be asked for once in so many seconds. */
export const MIN_VERIFICATION_SECONDS = 60
