import type { Middleware } from 'koa'
import type { Configuration, Provider } from 'oidc-provider'
import { sessionOf } from '../library-values.ts'
import type { ProtocolPages } from './pages.ts'

type DeviceFlow = NonNullable<NonNullable<Configuration['features']>['deviceFlow']>

/** The device grant (RFC 8628) with our pages. Letters and digits that are not mistaken for one another. */
export function deviceFlow(pages: ProtocolPages): DeviceFlow {
  return {
    enabled: true,
    charset: 'base-20',
    mask: '****-****',
    userCodeInputSource: async (ctx, form, _out, error) => pages.renderDeviceInput(ctx, form, error),
    // After the client the library hands over what it knows of the device, and then the code.
    userCodeConfirmSource: async (ctx, form, client, ...[, userCode]) =>
      pages.renderDeviceConfirm(ctx, form, {
        clientName: client.clientName ?? client.clientId,
        userCode,
        scopes: String(ctx.oidc.entities.DeviceCode?.params?.scope ?? '')
          .split(' ')
          .filter(Boolean),
      }),
    successSource: async (ctx) => pages.renderDeviceDone(ctx, ctx.oidc.client?.clientName ?? ctx.oidc.client?.clientId),
  }
}

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
