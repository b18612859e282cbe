import type { Config } from '../../config.ts'
import type { Log } from '../../log.ts'
import { openChangeQueue } from '../../shared-signals/change-queue.ts'
import { signalsOfChange } from '../../shared-signals/change-signals.ts'
import { createDeliver } from '../../shared-signals/delivery.ts'
import { signalsOfEnding } from '../../shared-signals/ending-signals.ts'
import { watchInactivity } from '../../shared-signals/inactivity.ts'
import type { Stream } from '../../shared-signals/stream.ts'
import { createTell, NOTICE_KIND, SIGNAL_KIND } from '../../shared-signals/tell.ts'
import type { Backends } from '../backends.ts'
import type { CloseStep } from '../close-step.ts'
import type { SignalServices } from './signals.ts'

/** Tells receivers of Shared Signals what ends and what changes, from now on; the answer ends it. */
export async function tellReceivers(
  { ISSUER: issuer, SHARED_SIGNALS_EMAIL_DOMAINS: ownEmailDomains }: Config,
  log: Log,
  {
    backends,
    signals,
  }: {
    readonly backends: Pick<Backends, 'database' | 'outbox' | 'expanders' | 'guardedFetch'>
    readonly signals: SignalServices
  },
): Promise<CloseStep> {
  const { database, outbox, expanders, guardedFetch } = backends
  const { knex } = database
  const { rows, mailbox, waiters, facts, mayReceive, mayHearOf, exclusions, streams, signSet } = signals
  const send = createDeliver({
    findStream: rows.find,
    mayReceive,
    authorizationOf: rows.authorizationOf,
    facts,
    mailbox,
    holdAgain: streams.holdAgain,
    onMail: waiters.notify,
    signSet,
    fetch: guardedFetch,
    log,
  })
  const isGone = async (id: string) => (await rows.find(id)) === undefined
  outbox.register(SIGNAL_KIND, { send, isGone })
  outbox.register(NOTICE_KIND, { send, isGone })

  const tell = createTell({ ...exclusions, mayHearOf })
  const open = createOpenStreams(async () => {
    const all = await rows.all()
    const allowed = await Promise.all(all.map(({ clientId }) => mayReceive(clientId)))
    return all.filter((_, index) => allowed[index])
  })
  await expanders.registerExpander('shared-signals', async (ending) => {
    const receivers = await open()
    return receivers.length === 0 ? [] : tell(await signalsOfEnding({ issuer, facts }, ending), receivers)
  })
  const changes = openChangeQueue({
    knex,
    outbox,
    log,
    async expand(change) {
      const receivers = await open()
      if (receivers.length === 0) return []
      return tell(await signalsOfChange({ issuer, facts, ownEmailDomains }, change), receivers)
    },
  })
  const endWatching = watchInactivity({ knex, streams, mailbox, log })
  return async () => {
    endWatching()
    await changes.close()
  }
}

/** What is asked for in the same turn is looked up once; never what was looked up before a change was noted. */
function createOpenStreams(look: () => Promise<readonly Stream[]>): () => Promise<readonly Stream[]> {
  let asked: Promise<readonly Stream[]> | undefined
  return function openStreams() {
    if (!asked) {
      asked = look()
      queueMicrotask(() => {
        asked = undefined
      })
    }
    return asked
  }
}
