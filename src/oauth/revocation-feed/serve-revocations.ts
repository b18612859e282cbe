import type { Context } from 'koa'
import { answerInJson } from '../../http/answer-error.ts'
import { type Routes, routesOf } from '../../http/routing/other-methods.ts'
import type { FeedPage, RevocationFeed } from './feed.ts'
import { answerForAnybody, answerPreflight } from './for-anybody.ts'

const PATH = '/revocations'
const CURSOR = /^\d{1,15}$/
const SECONDS = /^\d{1,5}$/
/** Longer than this no request waits: proxies give up after a minute, and a server that stops waits for its requests. */
const LONGEST_WAIT_SECONDS = 30
/** Requests of a process that may wait at a time; one more is answered at once. */
const MOST_WAITING = 1000

type Asked = { readonly after: number | undefined; readonly waitSeconds: number }

export type ServeRevocations = Routes & { endWaits(): void }

/** `GET /revocations?after=CURSOR&wait=SECONDS`: the feed for everybody who may read the key set. */
export function serveRevocations(feed: RevocationFeed): ServeRevocations {
  const ending = new AbortController()
  let waiting = 0

  async function waitForNews(ctx: Context, { after, waitSeconds }: Asked): Promise<FeedPage> {
    const gone = new AbortController()
    const signal = AbortSignal.any([gone.signal, ending.signal, AbortSignal.timeout(waitSeconds * 1000)])
    const leave = () => gone.abort()
    ctx.res.once('close', leave)
    waiting++
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
      gone.abort()
      ctx.res.off('close', leave)
    }
  }

  async function answer(ctx: Context): Promise<void> {
    const asked = readQuestion(ctx)
    if (typeof asked === 'string') {
      ctx.set('Access-Control-Allow-Origin', '*')
      answerInJson(ctx, { status: 400, error: 'invalid_request', error_description: asked })
      return
    }
    const mayWait = asked.waitSeconds > 0 && asked.after !== undefined && waiting < MOST_WAITING
    const page = mayWait ? await waitForNews(ctx, asked) : await feed.page(asked.after)
    await answerForAnybody(ctx, {
      body: page.jwt,
      contentType: 'application/jwt',
      etag: `"${page.to}"`,
      signedAt: page.iat,
      mayBeUnchanged: feed.isYoung(page),
      // What waited is for the one who did.
      cacheSeconds: asked.waitSeconds > 0 ? 0 : cacheSecondsOf(feed.ttlSeconds),
    })
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

/** Half of the time between two polls: by so much a cache may delay what a poll would find. */
export function cacheSecondsOf(ttlSeconds: number): number {
  return Math.max(1, Math.floor(ttlSeconds / 2))
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
