import type { Configuration } from 'oidc-provider'
import type { ProtocolPages } from './pages.ts'

type DeviceFlow = NonNullable<NonNullable<Configuration['features']>['deviceFlow']>

/** The device grant (RFC 8628) with our pages. Letters and digits that are not mistaken for one another. */
export function deviceFlow(pages: ProtocolPages): DeviceFlow {
  return {
    enabled: true,
    charset: 'base-20',
    mask: '****-****',
    userCodeInputSource: async (ctx, form, _out, error) => pages.renderDeviceInput(ctx, form, error),
    userCodeConfirmSource: async (ctx, form, client, _device, userCode) =>
      pages.renderDeviceConfirm(ctx, form, {
        clientName: client.clientName ?? client.clientId,
        userCode,
        scopes: [...ctx.oidc.requestParamScopes],
      }),
    successSource: async (ctx) => pages.renderDeviceDone(ctx, ctx.oidc.client?.clientName ?? ctx.oidc.client?.clientId),
  }
}
