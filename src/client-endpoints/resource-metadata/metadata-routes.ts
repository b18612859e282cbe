import { Router } from '@koa/router'
import type { Context } from 'koa'
import type { ResourceServer } from '../../clients/resource-servers.ts'
import { answerInJson } from '../../http/answer-error.ts'
import { RESOURCE_DOCUMENTS } from '../../http/routing/issuer-path.ts'
import { type Routes, routed } from '../../http/routing/other-methods.ts'
import { type DocumentRules, identifiersAt, resourceDocument } from './resource-document.ts'

export const RESOURCE_METADATA_PATH = '/resource-metadata'

/** How long caches may keep a document. */
const CACHE_SECONDS = 300
const LONGEST_IDENTIFIER = 255
/** With the path of any resource, and without. */
const WELL_KNOWN_PATTERN = `${RESOURCE_DOCUMENTS}{/*resource}`

export type MetadataRoutesDeps = DocumentRules & {
  readonly findResourceServer: (identifier: string) => Promise<ResourceServer | undefined>
}

/** The documents of resource servers (RFC 9728 §3), for everybody. */
export function createMetadataRoutes({ findResourceServer, ...rules }: MetadataRoutesDeps): Routes {
  const { origin } = new URL(rules.issuer)
  const router = new Router()

  async function answer(ctx: Context, identifiers: readonly string[]): Promise<void> {
    ctx.set('Access-Control-Allow-Origin', '*')
    for (const identifier of identifiers) {
      if (identifier.length > LONGEST_IDENTIFIER) continue
      const server = await findResourceServer(identifier)
      const document = server && resourceDocument(server, rules)
      if (!document) continue
      ctx.set('Cache-Control', `public, max-age=${CACHE_SECONDS}`)
      ctx.body = document
      return
    }
    ctx.set('Cache-Control', 'no-store')
    const error_description = 'there is no resource server with metadata here'
    answerInJson(ctx, { status: 404, error: 'not_found', error_description })
  }

  router.get(WELL_KNOWN_PATTERN, (ctx) => answer(ctx, identifiersAt(origin, ctx.path, ctx.search)))

  router.get(RESOURCE_METADATA_PATH, async (ctx) => {
    const { resource } = ctx.query
    if (typeof resource === 'string' && resource !== '') return answer(ctx, [resource])
    ctx.set('Access-Control-Allow-Origin', '*')
    const error_description = 'resource is needed, once: the identifier of a resource server'
    answerInJson(ctx, { status: 400, error: 'invalid_request', error_description })
  })

  for (const path of [WELL_KNOWN_PATTERN, RESOURCE_METADATA_PATH]) router.options(path, (ctx) => preflight(ctx))
  return routed(router)
}

function preflight(ctx: Context): void {
  ctx.status = 204
  ctx.set({
    Allow: 'GET, HEAD, OPTIONS',
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Allow-Methods': 'GET, HEAD',
    'Access-Control-Allow-Headers': 'Accept, Authorization, Content-Type, MCP-Protocol-Version',
    'Access-Control-Max-Age': '86400',
  })
}
