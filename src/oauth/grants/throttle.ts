import type { ResourceServer } from '../../clients/resource-servers.ts'

/** The limit of a resource server's own endpoints, for the check of a password; nothing where there is none. */
export function throttleOf(server: ResourceServer | undefined): {
  throttle?: { name: string; attempts: number; seconds: number }
} {
  return server?.throttle ? { throttle: { name: server.identifier, ...server.throttle } } : {}
}
