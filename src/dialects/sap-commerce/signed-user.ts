import { SIGNED_USER_GRANT } from '../../oauth/grants/signed-user.ts'
import type { OAuthParameters } from '../dialect.ts'
import { type Fields, own } from './request.ts'

/**
 * The grant `custom` of SAP Customer Data Cloud: a user id with the service's signature. Storefronts encode each value once more
 * before the form does; those of release 2.x do not, and name the moment `timeStamp`. Undefined when something is missing.
 */
export function signedUserOf(fields: Fields): OAuthParameters | undefined {
  const uid = decoded(own(fields, 'UID'))
  const signature = decoded(own(fields, 'UIDSignature'))
  const signed_at = decoded(own(fields, 'signatureTimestamp') || own(fields, 'timeStamp'))
  return uid && signature && signed_at ? { grant_type: SIGNED_USER_GRANT, uid, signature, signed_at } : undefined
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
