import { Router } from '@koa/router'
import { type Routes, routed } from '../../http/routing/other-methods.ts'
import { DELIVERY_METHODS } from '../../shared-signals/event-types.ts'
import { STATUS_PATH, VERIFY_PATH } from './status-routes.ts'
import { STREAMS_PATH } from './stream-routes.ts'
import { SUBJECT_PATHS } from './subject-routes.ts'

export const SSF_METADATA_PATH = '/.well-known/ssf-configuration'

/** What receivers learn of this transmitter (SSF 1.0 §7.1). */
export function createMetadataRoute(issuer: string): Routes {
  const metadata = {
    spec_version: '1_0',
    issuer,
    jwks_uri: `${issuer}/jwks`,
    delivery_methods_supported: Object.values(DELIVERY_METHODS),
    configuration_endpoint: issuer + STREAMS_PATH,
    status_endpoint: issuer + STATUS_PATH,
    add_subject_endpoint: issuer + SUBJECT_PATHS.add,
    remove_subject_endpoint: issuer + SUBJECT_PATHS.remove,
    verification_endpoint: issuer + VERIFY_PATH,
    critical_subject_members: ['user', 'tenant', 'session'],
    authorization_schemes: [{ spec_urn: 'urn:ietf:rfc:6749' }],
    default_subjects: 'ALL',
  }
  const router = new Router()
  router.get(SSF_METADATA_PATH, (ctx) => {
    ctx.set('Access-Control-Allow-Origin', '*')
    ctx.set('Cache-Control', 'public, max-age=300')
    ctx.body = metadata
  })
  return routed(router)
}
