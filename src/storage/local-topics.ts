import { EventEmitter } from 'node:events'
import type { Storage } from './storage.ts'

/** Topics inside this process, for a storage that no other process uses. */
export function createLocalTopics(): Pick<Storage, 'publish' | 'subscribe'> {
  const topics = new EventEmitter().setMaxListeners(0)
  return {
    publish: async (topic, about = '') => void topics.emit(topic, about),
    subscribe: (topic, listener) => void topics.on(topic, listener),
  }
}
