import type { Context } from 'koa'
import { networkOf } from '../../credentials/ip-network.ts'
import { answerInJson } from '../../http/answer-error.ts'
import { type Routes, routesOf } from '../../http/routing/other-methods.ts'
import type { FeedPage, RevocationFeed } from './feed.ts'
import { answerForAnybody, answerPreflight } from './for-anybody.ts'
import { pageAnswer } from './page-answer.ts'

const PATH = '/revocations'
const CURSOR = /^\d{1,15}$/
const SECONDS = /^\d{1,5}$/
/** Longer than this no request waits: proxies give up after a minute, and a server that stops waits for its requests. */
const LONGEST_WAIT_SECONDS = 30
/** Requests that may wait at a time, of a process and of one network: others are told to poll. */
const MOST_WAITING = 1000
const MOST_WAITING_OF_ONE = 50

type Asked = { readonly after: number | undefined; readonly waitSeconds: number }

export type ServeRevocations = Routes & { endWaits(): void }

/** `GET /revocations?after=CURSOR&wait=SECONDS`: the feed for everybody who may read the key set. */
export function serveRevocations(feed: RevocationFeed): ServeRevocations {
  const ending = new AbortController()
  let waiting = 0
  const waitingOf = new Map<string, number>()

  async function waitForNews(ctx: Context, { after, waitSeconds }: Asked): Promise<FeedPage> {
    const gone = new AbortController()
    const signal = AbortSignal.any([gone.signal, ending.signal, AbortSignal.timeout(waitSeconds * 1000)])
    const leave = () => gone.abort()
    ctx.res.once('close', leave)
    waiting++
    const network = networkOf(ctx.ip)
    waitingOf.set(network, (waitingOf.get(network) ?? 0) + 1)
    try {
      for (;;) {
        // Listens before it looks: nothing that ends in between is missed.
        const news = feed.news(signal)
        const page = await feed.page(after)
        if (page.entries > 0 || page.isCut || page.from !== after || signal.aborted) return page
        await news
      }
    } finally {
      waiting--
      const left = (waitingOf.get(network) ?? 1) - 1
      if (left > 0) waitingOf.set(network, left)
      else waitingOf.delete(network)
      gone.abort()
      ctx.res.off('close', leave)
    }
  }

  async function answer(ctx: Context): Promise<void> {
    const asked = readQuestion(ctx)
    if (typeof asked === 'string') return refuse(ctx, 400, asked)
    const wantsToWait = asked.waitSeconds > 0 && asked.after !== undefined && !ending.signal.aborted
    if (wantsToWait && (waiting >= MOST_WAITING || (waitingOf.get(networkOf(ctx.ip)) ?? 0) >= MOST_WAITING_OF_ONE)) {
      ctx.set('Retry-After', String(feed.ttlSeconds))
      return refuse(ctx, 429, 'too many requests wait here: ask without wait')
    }
    const page = wantsToWait ? await waitForNews(ctx, asked) : await feed.page(asked.after)
    await answerForAnybody(ctx, pageAnswer(feed, page, { wasWaitedFor: asked.waitSeconds > 0 }))
  }

  const middleware = async (ctx: Context, next: () => Promise<unknown>): Promise<void> => {
    if (ctx.path !== PATH) return void (await next())
    if (ctx.method === 'OPTIONS') return answerPreflight(ctx)
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return void (await next())
    await answer(ctx)
  }

  return Object.assign(
    routesOf(middleware, ({ path }) => (path === PATH ? ['GET', 'HEAD'] : [])),
    {
      /** Answers whoever waits, and has nobody wait from now on: the server stops. */
      endWaits(): void {
        ending.abort()
      },
    },
  )
}

function refuse(ctx: Context, status: number, error_description: string): void {
  ctx.set('Access-Control-Allow-Origin', '*')
  answerInJson(ctx, { status, error: 'invalid_request', error_description })
}

/** What the address asks for, or why it cannot be answered. */
function readQuestion({ query: { after, wait } }: Context): Asked | string {
  if (after !== undefined && !(typeof after === 'string' && CURSOR.test(after)))
    return 'after must be the "to" of a page: one whole number'
  if (wait !== undefined && !(typeof wait === 'string' && SECONDS.test(wait)))
    return 'wait must be one whole number of seconds'
  return {
    after: after === undefined ? undefined : Number(after),
    waitSeconds: Math.min(LONGEST_WAIT_SECONDS, Number(wait ?? 0)),
  }
}
