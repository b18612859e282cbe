import type { DialectRoute } from '../dialect.ts'
import { failure } from './answers.ts'
import { at, isRefused, readFields, readJson } from './request.ts'
import type { Slas } from './settings.ts'

const JSON_PATHS = ['register/start', 'register/finish', 'authenticate/start', 'authenticate/finish']

/** The endpoints of passkeys, which are not offered yet: each says so in the shop's words. */
export function passkeyRoutes(slas: Slas): DialectRoute[] {
  const refuse = (method: 'GET' | 'POST' | 'DELETE', path: string, isForm: boolean): DialectRoute => ({
    method,
    path: at(`webauthn/${path}`),
    act(request) {
      const read = isForm ? readFields(slas, request) : readJson(slas, request)
      return isRefused(read) ? read : failure(400, 'not_supported', 'Passkeys are not supported.')
    },
  })
  return [
    refuse('POST', 'register/authorize', true),
    ...JSON_PATHS.map((path) => refuse('POST', path, false)),
    refuse('GET', 'passkey/user/:loginId', true),
    refuse('DELETE', 'passkey/user/:loginId', true),
    refuse('DELETE', 'passkey/user/:loginId/credentials/:credentialId', true),
  ]
}
