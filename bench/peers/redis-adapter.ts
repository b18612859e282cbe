import { Redis } from 'ioredis'
import type { Adapter, AdapterPayload } from 'oidc-provider'

/** Artifacts that end together with a grant. */
const OF_GRANTS = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken', 'DeviceCode'])

/** Of artifacts that the library gives none. */
const LIFETIME_SECONDS = 1_209_600

/**
 * What somebody who reads the library's manual writes in an afternoon: a hash for each artifact, a list of the
 * artifacts of each grant, and the two indexes the library looks things up by.
 */
export function createRedisAdapter(url: string): (kind: string) => Adapter {
  const redis = new Redis(url)
  return (kind) => {
    const keyOf = (id: string) => `${kind}:${id}`
    const find = async (key: string): Promise<AdapterPayload | undefined> => {
      const { payload, consumed } = await redis.hgetall(key)
      if (payload === undefined) return undefined
      // What upsert wrote.
      return {
        ...(JSON.parse(payload) as AdapterPayload),
        ...(consumed !== undefined && { consumed: Number(consumed) }),
      }
    }
    const findBy = async (index: string) => {
      const id = await redis.get(index)
      return id === null ? undefined : find(keyOf(id))
    }
    return {
      async upsert(id, payload, expiresIn = LIFETIME_SECONDS) {
        const { grantId, uid, userCode } = payload
        const batch = redis.multi().hset(keyOf(id), 'payload', JSON.stringify(payload)).expire(keyOf(id), expiresIn)
        if (grantId !== undefined && OF_GRANTS.has(kind)) {
          batch.rpush(`members:${grantId}`, keyOf(id)).expire(`members:${grantId}`, expiresIn)
        }
        if (uid !== undefined) batch.set(`uid:${uid}`, id, 'EX', expiresIn)
        if (userCode !== undefined) batch.set(`user-code:${userCode}`, id, 'EX', expiresIn)
        await batch.exec()
      },
      find: (id) => find(keyOf(id)),
      findByUid: (uid) => findBy(`uid:${uid}`),
      findByUserCode: (userCode) => findBy(`user-code:${userCode}`),
      consume: async (id) => void (await redis.hset(keyOf(id), 'consumed', Math.floor(Date.now() / 1000))),
      destroy: async (id) => void (await redis.del(keyOf(id))),
      async revokeByGrantId(grantId) {
        const members = await redis.lrange(`members:${grantId}`, 0, -1)
        await redis.del(`members:${grantId}`, ...members)
      },
    }
  }
}
