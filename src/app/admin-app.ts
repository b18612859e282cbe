import type Koa from 'koa'
import { createAdminApi } from '../admin/api.ts'
import { createAdminApp } from '../admin/app.ts'
import { createConsole } from '../admin/console/console.ts'
import { createIdentify } from '../admin/identify.ts'
import type { Config } from '../config.ts'
import type { LiveProvider } from '../oauth/engine/live-provider.ts'
import { createAdminRoutes } from './admin-routes.ts'
import type { Backends } from './backends.ts'
import type { Services } from './services.ts'
import type { Shared } from './shared.ts'

/** What listens to operators. */
export function createAdmin(
  config: Pick<Config, 'ISSUER' | 'TRUSTED_PROXIES'>,
  backends: Backends,
  services: Services,
  engine: LiveProvider,
  shared: Shared,
): Koa {
  const { audit, metrics } = services
  const api = createAdminApi({ routes: createAdminRoutes(config, backends, services, engine, shared), audit })
  const identify = createIdentify({ ...services, settingTokens: backends.settingTokens })
  const { storage, cookieKeys: formKeys } = backends
  const consolePages = createConsole({ api, identify, storage, formKeys, audit, onError: shared.onError })
  return createAdminApp({
    ...shared,
    trustedProxies: config.TRUSTED_PROXIES,
    metrics,
    api,
    identify,
    consolePages,
  })
}
