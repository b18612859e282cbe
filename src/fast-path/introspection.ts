import { INACTIVE, type Introspect, SIGNED_ANSWER } from '../oauth/tokens/introspection.ts'
import type { ProveClient } from './client-proof.ts'
import { type Asking, CLIENT_ANSWER } from './endpoint.ts'
import { CLIENT_FIELDS } from './rule.ts'

const INACTIVE_BODY = JSON.stringify(INACTIVE)

/** Introspection (RFC 7662 §2) for clients with a secret. */
export function fastIntrospection({
  proveClient,
  introspect,
}: {
  readonly proveClient: ProveClient
  readonly introspect: Introspect
}): Asking {
  return {
    rule: { method: 'POST', paths: ['/introspect'] },
    form: { required: ['token'], optional: ['token_type_hint', ...CLIENT_FIELDS] },
    route: 'introspect',
    async answer(request) {
      // The signed form is the engine's.
      if (request.headers.accept?.includes(SIGNED_ANSWER)) return undefined
      const client = proveClient(request)
      if (!client) return undefined
      const told = await introspect(String(request.form.token), client.metadata.client_id)
      return { headers: CLIENT_ANSWER, body: told?.body ?? INACTIVE_BODY }
    },
  }
}
