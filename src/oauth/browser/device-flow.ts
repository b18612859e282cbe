import type { Middleware } from 'koa'
import type { Configuration, Provider } from 'oidc-provider'
import { sessionOf } from '../library-values.ts'
import type { AskedScope, DescribeScopes } from './asked-scopes.ts'
import type { ProtocolPages } from './pages.ts'
import { describeClient } from './ways-out.ts'

type DeviceFlow = NonNullable<NonNullable<Configuration['features']>['deviceFlow']>

/** The device grant (RFC 8628) with our pages. Letters and digits that are not mistaken for one another. */
export function deviceFlow(pages: ProtocolPages, describeScopes: DescribeScopes): DeviceFlow {
  return {
    enabled: true,
    charset: 'base-20',
    mask: '****-****',
    userCodeInputSource: async (ctx, form, _out, error) => pages.renderDeviceInput(ctx, form, error),
    // After the client the library hands over what it knows of the device, and then the code.
    userCodeConfirmSource: async (ctx, form, client, ...[, userCode]) =>
      pages.renderDeviceConfirm(ctx, form, {
        client: describeClient(client),
        userCode,
        scopes: await scopesOf(ctx.oidc.entities.DeviceCode?.params, describeScopes),
      }),
    successSource: async (ctx) => pages.renderDeviceDone(ctx, ctx.oidc.client && describeClient(ctx.oidc.client)),
  }
}

/** What the device asked for, of each resource server that it named or that was taken for it. */
function scopesOf(params: Asked | undefined, describeScopes: DescribeScopes): Promise<AskedScope[]> {
  const names = String(params?.scope ?? '')
    .split(' ')
    .filter(Boolean)
  const resources = [params?.resource ?? []].flat().map(String)
  return describeScopes(names, Object.fromEntries(resources.map((resource) => [resource, names])))
}

type Asked = { readonly scope?: unknown; readonly resource?: unknown }

/**
 * A code sent in without a session, because it ran out or was never there, leads to a new form: the library would try
 * to go on with a session that it never saved.
 */
export function restartDeviceFlow(provider: Provider): Middleware {
  return async function restartWithoutSession(ctx, next) {
    if (ctx.method !== 'POST' || ctx.path !== '/device') return next()
    const session = await sessionOf(provider, ctx)
    if (session.exp !== undefined) return next()
    ctx.redirect(provider.pathFor('code_verification'))
    ctx.status = 303
  }
}
