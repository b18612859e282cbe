import type { ShownMessage, ShownReceiver } from '../../outbox/shown-rows.ts'
import { confirmPage } from './confirm-page.ts'
import { type Listing, listAddress, pageLinks, searchOf } from './listing.ts'
import type { ConsolePage, ConsoleRequest } from './page.ts'

const BASE = '/console/outbox'
const FIELDS = ['kind', 'receiver', 'state']

/** What each act on a receiver says before it is done. */
const ACTS = {
  retry: {
    title: 'Send it now',
    consequence:
      'What waits for its next attempt, and what was given up, is sent at once. Its attempts are counted anew. The receiver may get what it had already.',
    button: 'Send it now',
    done: 'outbox-retried',
  },
  drop: {
    title: 'Delete what was given up',
    consequence: 'The dead letters of this receiver are deleted for good: it is never told of these endings.',
    button: 'Delete them',
    done: 'outbox-dropped',
    isDangerous: true,
  },
  pause: {
    title: 'Pause this receiver',
    consequence: 'Nothing is sent to it until it goes on. What happens meanwhile is held, and nothing is lost.',
    button: 'Pause it',
    done: 'outbox-paused',
  },
  resume: {
    title: 'Let this receiver go on',
    consequence: 'Everything that was held is sent, the oldest first.',
    button: 'Let it go on',
    done: 'outbox-resumed',
  },
} as const

/** What waits to be sent to others: receivers, messages, and what operators do about them. */
export const outboxPages: readonly ConsolePage[] = [
  {
    path: '/outbox',
    async open(request) {
      const { items: receivers } = await request.api.get<Listing<ShownReceiver>>('/v1/outbox')
      request.show('outbox', { title: 'Outbox', receivers })
    },
  },
  {
    path: '/outbox/messages',
    async open(request) {
      const search = searchOf(request, FIELDS)
      const answer = await request.api.send<Listing<ShownMessage>>(
        'GET',
        listAddress(request, '/v1/outbox/messages', search),
      )
      const problem = answer.outcome === 'refused' ? answer.problem : undefined
      const { items: messages, next } = answer.outcome === 'done' ? answer.body : { items: [] }
      request.show(
        'outbox-messages',
        { title: 'Messages of the outbox', search, messages, problem, ...pageLinks(request, next, search) },
        { status: problem?.status ?? 200 },
      )
    },
  },
  ...Object.entries(ACTS).map(([name, { done, ...question }]) =>
    confirmPage({
      path: `/outbox/:kind/:receiver/${name}`,
      ask: (request) => ({ ...question, subject: `${kindOf(request)} ${receiverOf(request)}`, back: BASE }),
      act: (request) =>
        request.api.send('POST', `/v1/outbox/${name}`, {
          body: { kind: kindOf(request), receiver: receiverOf(request) },
        }),
      done,
    }),
  ),
]

function kindOf({ params: { kind = '' } }: ConsoleRequest): string {
  return kind
}

function receiverOf({ params: { receiver = '' } }: ConsoleRequest): string {
  return receiver
}
