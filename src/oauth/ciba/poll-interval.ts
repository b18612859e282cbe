import { errors, type KoaContextWithOIDC } from 'oidc-provider'
import { CIBA_GRANT } from '../../clients/security-profile.ts'
import { hashId } from '../../storage/hash-id.ts'
import type { Storage } from '../../storage/storage.ts'

/** How long a client waits between two questions for the outcome (CIBA Core §7.3). */
export const POLL_SECONDS = 5
/** A second less is forgiven: networks are not even. */
const WINDOW_SECONDS = POLL_SECONDS - 1

/** A step of the token endpoint: who asks for an outcome again too soon is told to slow down (CIBA Core §11). */
export function createSlowDown({ increment }: Pick<Storage, 'increment'>) {
  return async function slowDown(ctx: KoaContextWithOIDC): Promise<void> {
    const { grant_type: grantType, auth_req_id: id } = ctx.oidc.params ?? {}
    if (grantType !== CIBA_GRANT || typeof id !== 'string') return
    const asked = await increment(`ciba:poll:${hashId(`${ctx.oidc.client?.clientId} ${id}`)}`, WINDOW_SECONDS)
    if (asked > 1) throw new errors.SlowDown()
  }
}
