import type { Middleware } from 'koa'
import type { Networks } from '../http/address.ts'
import type { HealthCheck } from '../http/health.ts'
import type { LiveProvider } from '../oauth/engine/live-provider.ts'
import type { Backends } from './backends.ts'
import type { ProtocolRules } from './protocol-rules.ts'
import type { Services } from './services.ts'

/** What both listeners have in common. */
export type Shared = {
  readonly probes: Middleware
  /** What a node must reach to be ready. */
  readonly checks: readonly HealthCheck[]
  readonly trustedProxies: Networks
  readonly onError: (error: unknown, requestId: string) => void
}

/** What a listener's app is made of. */
export type AppParts = {
  readonly backends: Backends
  readonly services: Services
  readonly rules: ProtocolRules
  readonly engine: LiveProvider
  readonly shared: Shared
}
