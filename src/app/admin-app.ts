import type Koa from 'koa'
import { createAdminApi } from '../admin/api.ts'
import { createAdminApp } from '../admin/app.ts'
import { createConsole } from '../admin/console/console.ts'
import { createIdentify } from '../admin/identify.ts'
import type { Config } from '../config.ts'
import { writeAccessLines } from '../http/access-log.ts'
import type { Log } from '../log.ts'
import { createAdminRoutes } from './admin-routes.ts'
import type { AppParts } from './shared.ts'

/** What listens to operators. */
export function createAdmin(
  config: Pick<Config, 'ISSUER' | 'ADMIN_HOST' | 'ADMIN_HOSTS' | 'TRUSTED_PROXIES'>,
  log: Log,
  parts: AppParts,
): Koa {
  const { storage, cookieKeys: formKeys, settingTokens, metrics } = parts.backends
  const { probes, onError, trustedProxies } = parts.shared
  const { append: audit } = parts.backends.auditTrail
  const { adminTokens, sessions, factors } = parts.services.administrators
  const api = createAdminApi({ routes: createAdminRoutes(config, parts), audit })
  const identify = createIdentify({ adminTokens, sessions, settingTokens, factors })
  return createAdminApp({
    probes,
    onError,
    trustedProxies,
    hosts: new Set([config.ADMIN_HOST, ...config.ADMIN_HOSTS].map((host) => host.toLowerCase())),
    metrics,
    onRequest: writeAccessLines(log, { listener: 'admin' }),
    api,
    identify,
    consolePages: createConsole({ api, identify, storage, formKeys, audit, onError }),
  })
}
