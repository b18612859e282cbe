import type { Storage } from '../storage/storage.ts'

export type MailWaiters = {
  /** There is something in the mailbox of this stream: those who wait for it, on whatever node, look again. */
  notify(streamId: string): void
  /**
   * Until there is something, or `limitMs` are over, or `signal` says that nobody wants to know any more. False at once where too many wait
   * for this stream, and when the server stops.
   */
  wait(streamId: string, limitMs: number, signal: AbortSignal): Promise<boolean>
  /** Lets everybody go, now and from now on: the server stops. */
  release(): void
}

const TOPIC = 'signal-mail'
/** A receiver that polls anew while its last request waits has given that one up. */
const MOST_OF_STREAM = 3
const TOLD_EVERY_MS = 100

/** Requests that wait for signals (RFC 8936 §2.2, long polling). */
export function createMailWaiters(storage: Pick<Storage, 'publish' | 'subscribe'>): MailWaiters {
  const waiting = new Map<string, Set<() => void>>()
  const told = new Set<string>()
  let isReleased = false

  function letGo(streamId: string): void {
    for (const go of waiting.get(streamId) ?? []) go()
  }

  function notify(streamId: string): void {
    letGo(streamId)
    // Many signals that come together are one reason to look.
    if (told.has(streamId)) return
    told.add(streamId)
    setTimeout(() => {
      told.delete(streamId)
      void storage.publish(TOPIC, streamId).catch(() => undefined) // those who wait look by themselves as well
    }, TOLD_EVERY_MS).unref()
  }

  storage.subscribe(TOPIC, letGo)
  return {
    notify,
    wait(streamId, limitMs, signal) {
      const others = waiting.get(streamId) ?? new Set()
      if (isReleased || signal.aborted || others.size >= MOST_OF_STREAM) return Promise.resolve(false)
      waiting.set(streamId, others)
      return new Promise((resolve) => {
        const go = () => {
          clearTimeout(timer)
          signal.removeEventListener('abort', go)
          others.delete(go)
          if (others.size === 0) waiting.delete(streamId)
          resolve(!isReleased)
        }
        const timer = setTimeout(go, limitMs)
        signal.addEventListener('abort', go)
        others.add(go)
      })
    },
    release() {
      isReleased = true
      for (const streamId of [...waiting.keys()]) letGo(streamId)
    },
  }
}
