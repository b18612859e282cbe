import { EventEmitter } from 'node:events'
import type { Knex } from 'knex'
import type { Storage } from './storage.ts'

const CHANNEL = 'vestibule'
const RETRY_MS = 1000
/** Between a topic and what the message is about; in neither of them. */
const SEPARATOR = ' '
/** Before a topic: an emitter throws where nothing listens to `error`, and every role of a database may send that word. */
const TOPIC = 'topic '

type Topics = Pick<Storage, 'publish' | 'subscribe'> & { close(): Promise<void> }

/** A connection of the driver, as far as listening needs it. */
type RawConnection = EventEmitter & { query(sql: string): Promise<unknown>; end(): Promise<void> }

/** Topics that reach every node on the same Postgres, by NOTIFY and one listening connection a node. */
export function createSharedTopics(knex: Knex, onError: (error: unknown) => void): Topics {
  const topics = new EventEmitter().setMaxListeners(0)
  let connection: RawConnection | undefined
  let listening: Promise<void> | undefined
  let isClosed = false

  async function listen(): Promise<void> {
    try {
      // Knex does not type the connections of its drivers.
      const raw = (await knex.client.acquireRawConnection()) as RawConnection
      connection = raw
      if (isClosed) return void (await raw.end())
      raw.on('notification', ({ payload = '' }: { payload?: string }) => {
        const [topic = '', about = ''] = payload.split(SEPARATOR)
        topics.emit(TOPIC + topic, about)
      })
      raw.on('error', onError)
      raw.once('end', retry)
      await raw.query(`listen ${CHANNEL}`)
    } catch (error) {
      onError(error)
      retry()
    }
  }

  function retry(): void {
    connection?.removeListener('end', retry)
    connection = undefined
    if (!isClosed) setTimeout(listen, RETRY_MS).unref()
  }

  return {
    async publish(topic, about) {
      await knex.raw('select pg_notify(?, ?)', [CHANNEL, about ? topic + SEPARATOR + about : topic])
    },
    subscribe(topic, listener) {
      topics.on(TOPIC + topic, listener)
      listening ??= listen()
    },
    async close() {
      isClosed = true
      await listening
      await connection?.end().catch(onError)
    },
  }
}
