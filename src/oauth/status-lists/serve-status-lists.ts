import type { Context } from 'koa'
import { answerInJson } from '../../http/answer-error.ts'
import { type Routes, routesOf } from '../../http/routing/other-methods.ts'
import { answerForAnybody, answerPreflight } from '../revocation-feed/for-anybody.ts'
import { cacheSecondsOf } from '../revocation-feed/page-answer.ts'
import type { StatusLists } from './status-lists.ts'

const ALL = '/status-lists'
const LIST = /^\/status-lists\/(\d{1,18})$/
const MEDIA_TYPE = 'application/statuslist+jwt'

/** `GET /status-lists/{id}` (Token Status List, section 8), and the addresses of all lists at `/status-lists` (section 9). */
export function serveStatusLists(statusLists: StatusLists): Routes {
  async function answerList(ctx: Context, listId: string): Promise<void> {
    if (ctx.query.time !== undefined)
      return refuse(ctx, 501, 'unsupported', 'lists of earlier times are not kept: leave time out')
    if (!ctx.accepts(MEDIA_TYPE)) return refuse(ctx, 406, 'not_acceptable', `a list can be had as ${MEDIA_TYPE}`)
    const list = await statusLists.list(listId)
    if (!list) return refuse(ctx, 404, 'not_found', 'there is no such list, or its last token has expired')
    await answerForAnybody(ctx, {
      body: list.jwt,
      contentType: MEDIA_TYPE,
      // A signature is in no two lists.
      etag: `"${list.jwt.slice(-22)}"`,
      signedAt: list.signedAt,
      mayBeUnchanged: true,
      cacheSeconds: cacheSecondsOf(statusLists.ttlSeconds),
    })
  }

  const middleware = async (ctx: Context, next: () => Promise<unknown>): Promise<void> => {
    const listId = LIST.exec(ctx.path)?.[1]
    if (listId === undefined && ctx.path !== ALL) return void (await next())
    if (ctx.method === 'OPTIONS') return answerPreflight(ctx)
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return void (await next())
    if (listId !== undefined) return answerList(ctx, listId)
    ctx.set('Access-Control-Allow-Origin', '*')
    ctx.set('Cache-Control', `public, max-age=${cacheSecondsOf(statusLists.ttlSeconds)}`)
    ctx.body = { status_lists: await statusLists.uris() }
  }

  return routesOf(middleware, ({ path }) => (path === ALL || LIST.test(path) ? ['GET', 'HEAD'] : []))
}

function refuse(ctx: Context, status: number, error: string, error_description: string): void {
  ctx.set('Access-Control-Allow-Origin', '*')
  answerInJson(ctx, { status, error, error_description })
}
