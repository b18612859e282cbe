import { createHmac } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { resetCounter } from '../../storage/reset-counter.ts'
import type { Storage } from '../../storage/storage.ts'
import { normalizeEmail } from '../email.ts'
import { describeBlock } from './lock-list.ts'
import {
  ALERT,
  BLOCK,
  DEVICE,
  type LoginContext,
  levelKey,
  type Names,
  NEWEST,
  namesOf,
  PLACE,
  standingOf,
} from './lockout-names.ts'
import {
  type AttemptOrigin,
  BINDING,
  BLOCK_MEMORY_SECONDS,
  type BudgetName,
  blockSeconds,
  budgetOf,
  type Decision,
  decide,
  exhausted,
  type LockoutPolicy,
  type Standing,
} from './lockout-policy.ts'

export type { LoginContext } from './lockout-names.ts'

/** What lockout asks of storage. A negative `by` gives reservations back; it never takes a counter below zero. */
export type LockoutStorage = Pick<Storage, 'getMany' | 'put' | 'remove' | 'keepsOrder'> & {
  increment(key: string, windowSeconds: number, by?: number): Promise<number>
}

export type Reservation = {
  readonly lockedForSeconds?: number
  /** One trip. `unchecked`: the password was not looked at, nothing counts. */
  settle(result: 'success' | 'failure' | 'unchecked'): Promise<void>
}

export type Lockout = {
  /**
   * Counts an attempt before the secret is checked, so that a burst over many nodes cannot pass a limit. One trip, two
   * where storage keeps no order.
   */
  reserve(account: string, secret: string, context: LoginContext): Promise<Reservation>
  /** Seconds until this account may be tried from this place; undefined when it may now. Asking counts nothing. */
  lockedForSeconds(account: string, context: LoginContext): Promise<number | undefined>
  /** Makes a place known without a password: a refresh or a link in a mail came from it. */
  remember(account: string, context: LoginContext): Promise<void>
  /** Whether this device or network is one that the account signed in from before. Asking counts nothing. */
  knows(account: string, context: LoginContext): Promise<boolean>
  /** Lifts the blocks that keep `context` out of `account`: the owner proved to read its mail. */
  unblock(account: string, context: LoginContext): Promise<void>
}

export type LockoutDeps = {
  readonly storage: LockoutStorage
  readonly policy: LockoutPolicy
  /** Keys the digest by which identical sends are told, and seals who is locked. */
  readonly digestKey: string
  /** Keeps customers and agents apart where an e-mail address is both. */
  readonly realm?: string
  /** Epoch seconds. */
  readonly now?: () => number
  /** How long an attempt waits for room while others are being checked; then it is locked. */
  readonly patienceMs?: number
}

/** Budgets for guessing, one set for every endpoint, kept in shared storage. */
export function createLockout(deps: LockoutDeps): Lockout {
  const {
    storage,
    policy,
    digestKey,
    realm = 'customer',
    now = () => Date.now() / 1000,
    patienceMs = PATIENCE_MS,
  } = deps
  const names = (account: string, context: LoginContext) =>
    namesOf(`${realm}:${normalizeEmail(account)}`, context, policy)

  const reserve: Lockout['reserve'] = async (account, secret, context) => {
    const named = names(account, context)
    const sendKey = `lockout:send:${createHmac('sha256', digestKey).update(`${named.subject}\n${secret}`).digest('hex')}`
    const sending = context.resends ? storage.increment(sendKey, policy.resends.withinSeconds) : Promise.resolve(1)
    const [{ standing, decision }, sends] = await Promise.all([enter(named), sending])
    const isResend = sends > 1 && sends <= policy.resends.sends
    return {
      lockedForSeconds: decision.lockedForSeconds,
      settle: (result) =>
        result === 'success'
          ? succeed(named, standing, decision.origin)
          : result === 'failure' && !isResend
            ? fail(named, standing, decision.origin)
            : release(named.budgets),
    }
  }

  return {
    reserve,
    async lockedForSeconds(account, context) {
      const reservation = await reserve(account, '', context)
      await reservation.settle('unchecked')
      return reservation.lockedForSeconds
    },
    async remember(account, context) {
      await makeKnown(names(account, context))
    },
    async knows(account, context) {
      const { deviceId, placeId } = names(account, context)
      const known = await storage.getMany([
        { kind: PLACE, id: placeId },
        ...(deviceId === undefined ? [] : [{ kind: DEVICE, id: deviceId }]),
      ])
      return known.some((stored) => stored !== undefined)
    },
    async unblock(account, context) {
      const { subject, budgets } = names(account, context)
      const own = budgets.filter(([name]) => name !== 'address')
      await Promise.all([
        ...own.map(([, key]) => storage.remove(BLOCK, key)),
        ...own.map(([, key]) => resetCounter(storage, key)),
        resetCounter(storage, levelKey(`lockout:account:${subject}`)),
      ])
    },
  }

  /**
   * Takes a place in every budget. Where the room is taken only by attempts under way, it steps back and tries again:
   * many right passwords at once must not look like many wrong ones.
   */
  async function enter(named: Names): Promise<{ standing: Standing; decision: Decision }> {
    const givesUpAtMs = performance.now() + patienceMs
    for (;;) {
      // Counting is over before blocks are read: who resets a counter has written the block already.
      const counting = Promise.all(
        named.budgets.map(([name, key]) => storage.increment(key, budgetOf(name, policy).windowSeconds)),
      )
      if (!storage.keepsOrder) await counting
      const [counts, artifacts] = await Promise.all([counting, storage.getMany(named.artifacts)])
      const standing = standingOf(named, counts, artifacts)
      const decision = decide(standing, policy, now())
      if (!decision.isCrowded || performance.now() >= givesUpAtMs) return { standing, decision }
      await release(named.budgets)
      await delay(RETRY_EVERY_MS * (0.5 + Math.random()))
    }
  }

  async function succeed(
    named: Names,
    { counts, isKnownDevice, isKnownPlace }: Standing,
    origin: AttemptOrigin,
  ): Promise<void> {
    await Promise.all([
      // Success forgives the failures of this device or place only: an attacker's count elsewhere stands.
      ...named.budgets.map(([name, key]) => {
        const isOwn = name === (origin === 'device' ? 'device' : 'pair')
        return storage.increment(key, budgetOf(name, policy).windowSeconds, isOwn ? -(counts[name] ?? 1) : -1)
      }),
      ...(isKnownPlace && (isKnownDevice || !named.hasDevice) ? [] : [makeKnown(named)]),
    ])
  }

  async function fail(named: Names, standing: Standing, origin: AttemptOrigin): Promise<void> {
    const spent = new Set(exhausted(origin, standing, policy))
    const unbound = named.budgets.filter(([name]) => !BINDING[origin].includes(name))
    await Promise.all([
      release(unbound),
      ...named.budgets.flatMap(([name, key]) =>
        spent.has(name) ? [block(named, name, key, standing.counts[name] ?? 0)] : [],
      ),
      origin === 'stranger' && countClient(named),
    ])
  }

  async function block(named: Names, name: BudgetName, key: string, count: number): Promise<void> {
    const budget = budgetOf(name, policy)
    const grows = budget.maxBlockSeconds > budget.blockSeconds
    const nth = grows ? await storage.increment(levelKey(key), BLOCK_MEMORY_SECONDS) : 1
    const seconds = blockSeconds(budget, nth)
    const block = { since: now(), until: now() + seconds }
    await Promise.all([
      storage.put(BLOCK, key, { ...block, ...describeBlock(digestKey, named, name) }, seconds),
      // Of one account; what an address does to all of them is looked up by the address.
      name !== 'address' && storage.put(NEWEST, named.subject, { ...block, name, network: named.network }, seconds),
    ])
    // The block has its own end; what led to it is forgotten once it stands, or a burst would find neither.
    await storage.increment(key, budget.windowSeconds, -count)
  }

  async function countClient({ clientKey }: Names): Promise<void> {
    if (!clientKey) return
    const { attempts, windowSeconds } = policy.client
    const count = await storage.increment(clientKey, windowSeconds)
    if (count >= attempts) await storage.put(ALERT, clientKey, {}, windowSeconds)
  }

  async function release(budgets: Names['budgets']): Promise<void> {
    await Promise.all(budgets.map(([name, key]) => storage.increment(key, budgetOf(name, policy).windowSeconds, -1)))
  }

  async function makeKnown({ deviceId, placeId }: Names): Promise<void> {
    await Promise.all([
      storage.put(PLACE, placeId, {}, policy.knownSeconds),
      deviceId !== undefined && storage.put(DEVICE, deviceId, {}, policy.knownSeconds),
    ])
  }
}

const PATIENCE_MS = 5000
const RETRY_EVERY_MS = 20
