import { resetCounter } from '../../storage/reset-counter.ts'
import type { Storage } from '../../storage/storage.ts'
import { normalizeEmail } from '../email.ts'
import { BLOCK, LIFT, levelKey, NEWEST, namesOf } from './lockout-names.ts'
import { BLOCK_MEMORY_SECONDS, type BudgetName, type LockoutPolicy } from './lockout-policy.ts'

/** Something that keeps people out now. */
export type ShownLock = {
  /** What ran out of attempts: a device, a login from one network, a login from everywhere, a whole network. */
  readonly of: BudgetName
  /** An IP address, or the /64 of an IPv6 one; absent where every stranger is kept out. */
  readonly network?: string
  /** Epoch seconds. */
  readonly until: number
}

export type LockoutOperations = ReturnType<typeof createLockoutOperations>

/** What operators see and do of locks of one realm. */
export function createLockoutOperations({
  storage,
  policy,
  realm,
  now = () => Date.now() / 1000,
}: {
  readonly storage: Storage
  readonly policy: LockoutPolicy
  readonly realm: string
  readonly now?: () => number
}) {
  const subjectOf = (login: string) => `${realm}:${normalizeEmail(login)}`
  /** An address has locks of its own in each realm: lifting customers' leaves those that guard administrators. */
  const everybody = subjectOf('')
  const keyOf = (subject: string, ip: string, of: BudgetName) =>
    namesOf(subject, { ip }, policy).budgets.find(([name]) => name === of)?.[1] ?? ''

  return {
    /** One trip. */
    async ofLogin(login: string): Promise<ShownLock[]> {
      const subject = subjectOf(login)
      const [lift, account, newest] = await storage.getMany([
        { kind: LIFT, id: subject },
        { kind: BLOCK, id: keyOf(subject, '', 'account') },
        { kind: NEWEST, id: subject },
      ])
      const liftedAt = Number(lift?.artifact.at ?? 0)
      const stands = (block: typeof account) => block && Number(block.artifact.since) > liftedAt
      const { name, network, until } = newest?.artifact ?? {}
      return [
        ...(stands(account) ? [{ of: 'account', until: Number(account?.artifact.until) } as const] : []),
        ...(stands(newest) && name !== 'account'
          ? [{ of: name as BudgetName, network: String(network), until: Number(until) }] // written by the lockout
          : []),
      ]
    },

    async ofAddress(ip: string): Promise<ShownLock[]> {
      const { network } = namesOf(everybody, { ip }, policy)
      const block = await storage.get(BLOCK, keyOf(everybody, ip, 'address'))
      return block ? [{ of: 'address', network, until: Number(block.artifact.until) }] : []
    },

    /** Ends every lock of a login, from wherever. One write says so: what was locked before it is locked no more. */
    async liftLogin(login: string): Promise<void> {
      const subject = subjectOf(login)
      const account = keyOf(subject, '', 'account')
      await Promise.all([
        storage.put(LIFT, subject, { at: now() }, BLOCK_MEMORY_SECONDS),
        resetCounter(storage, account),
        resetCounter(storage, levelKey(account)),
      ])
    },

    async liftAddress(ip: string): Promise<void> {
      const key = keyOf(everybody, ip, 'address')
      await Promise.all([storage.remove(BLOCK, key), resetCounter(storage, key), resetCounter(storage, levelKey(key))])
    },
  }
}
