import { answerWithin } from '../http/unavailable.ts'
import type { Storage } from './storage.ts'

/**
 * The same storage, whose every answer comes within `limitMs`. What the backend does with a question that was given
 * up is unknown, as with any lost answer; it is not reported as a success.
 *
 * @throws {Unavailable} from each function when there is no answer, the backend refuses to give one, or `assertOpen`
 * does not let the question through.
 */
export function bounded(storage: Storage, limitMs: number, assertOpen: () => void = () => {}): Storage {
  const within =
    <Args extends unknown[], T>(ask: (...args: Args) => Promise<T>) =>
    (...args: Args): Promise<T> =>
      answerWithin(limitMs, 'storage', () => {
        assertOpen()
        return ask(...args)
      })

  return {
    ...storage,
    put: within(storage.put),
    putOnce: within(storage.putOnce),
    get: within(storage.get),
    getMany: within(storage.getMany),
    findBy: within(storage.findBy),
    list: within(storage.list),
    consume: within(storage.consume),
    swap: within(storage.swap),
    receipt: within(storage.receipt),
    extend: within(storage.extend),
    remove: within(storage.remove),
    raise: within(storage.raise),
    increment: within(storage.increment),
    publish: within(storage.publish),
    ping: within(storage.ping),
  }
}
