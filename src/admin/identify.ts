import { hash, timingSafeEqual } from 'node:crypto'
import { ADMIN_TOKEN_PREFIX, type AdminTokens } from '../administrators/admin-tokens.ts'
import type { Actor } from '../administrators/administrator.ts'
import { ADMIN_SESSION_PREFIX, type AdminSessions } from '../administrators/sessions.ts'
import type { SecondFactors } from '../credentials/second-factors.ts'

/** Who presents this token or session; undefined when it opens nothing. */
export type Identify = (presented: string) => Promise<Actor | undefined>

export type IdentifyDeps = {
  /** Those of ADMIN_TOKEN: the owner's way in, before there is an administrator. */
  readonly settingTokens: readonly string[]
  readonly adminTokens: Pick<AdminTokens, 'find'>
  readonly sessions: Pick<AdminSessions, 'find'>
  readonly factors: {
    readonly areRequired: boolean
    readonly secondFactors: Pick<SecondFactors, 'isRequired'>
  }
}

/** Tells administrators, admin tokens and the holder of ADMIN_TOKEN by what they present. */
export function createIdentify({ settingTokens, adminTokens, sessions, factors }: IdentifyDeps): Identify {
  const digests = settingTokens.map(digest)

  return async function identify(presented) {
    const presentedDigest = digest(presented)
    // Each is compared, in constant time, whichever fits.
    const isSetting = digests.map((expected) => timingSafeEqual(presentedDigest, expected)).includes(true)
    if (isSetting) return { kind: 'setting', name: 'admin', role: 'owner' }
    if (presented.startsWith(ADMIN_SESSION_PREFIX)) {
      const administrator = await sessions.find(presented)
      if (!administrator) return undefined
      const { id, role } = administrator
      const lacksSecondFactor = factors.areRequired && !(await factors.secondFactors.isRequired(id))
      return {
        kind: 'administrator',
        name: `administrator:${id}`,
        role,
        id,
        ...(lacksSecondFactor && { lacksSecondFactor }),
      }
    }
    if (!presented.startsWith(ADMIN_TOKEN_PREFIX)) return undefined
    const token = await adminTokens.find(presented)
    return token && { kind: 'admin-token', name: `admin-token:${token.name}`, role: token.role, id: token.id }
  }
}

function digest(value: string): Buffer {
  return hash('sha256', value, 'buffer')
}
