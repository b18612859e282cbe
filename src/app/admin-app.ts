import type Koa from 'koa'
import { createAdminApi } from '../admin/api.ts'
import { createAdminApp } from '../admin/app.ts'
import { createIdentify } from '../admin/identify.ts'
import type { LiveProvider } from '../oauth/live-provider.ts'
import { createAdminRoutes } from './admin-routes.ts'
import type { Backends } from './backends.ts'
import type { Services } from './services.ts'
import type { Shared } from './shared.ts'

/** What listens to operators. */
export function createAdmin(backends: Backends, services: Services, engine: LiveProvider, shared: Shared): Koa {
  const { audit, metrics } = services
  return createAdminApp({
    ...shared,
    metrics,
    api: createAdminApi({ routes: createAdminRoutes(backends, services, engine), audit }),
    identify: createIdentify({ ...services, settingTokens: backends.settingTokens }),
  })
}
