/** How many failures are borne in a window, and how long the block lasts that follows. */
export type Budget = {
  readonly attempts: number
  readonly windowSeconds: number
  readonly blockSeconds: number
  /** Each further block within a day doubles up to this. Equal to `blockSeconds`: blocks do not grow. */
  readonly maxBlockSeconds: number
}

export type LockoutPolicy = {
  /** One account from one address or one known device: the window shops know. */
  readonly login: Budget
  /** One account from everywhere it has never signed in from. */
  readonly account: Budget
  /** One address (an IPv6 /64) over all accounts. */
  readonly address: Budget
  /** Whether requests from this machine have no budget of their address. */
  readonly exemptsLoopback: boolean
  /** Failures of one client in a window above which strangers' budgets are divided. It is never blocked as a whole. */
  readonly client: { readonly attempts: number; readonly windowSeconds: number; readonly divisor: number }
  /** How long a device or an address counts as known after a sign-in. */
  readonly knownSeconds: number
  /** Sends of the same password within so many seconds that count as one, where the client is known to resend. */
  readonly resends: { readonly withinSeconds: number; readonly sends: number }
}

export type LockoutSettings = {
  readonly LOCKOUT_ATTEMPTS: number
  readonly LOCKOUT_WINDOW_SECONDS: number
  readonly LOCKOUT_BLOCK_SECONDS: number
  readonly LOCKOUT_ACCOUNT_ATTEMPTS: number
  readonly LOCKOUT_ADDRESS_ATTEMPTS: number
  readonly LOCKOUT_CLIENT_ATTEMPTS: number
  readonly TRUSTED_PROXIES?: readonly string[]
}

const HOUR_SECONDS = 3600
const DAY_SECONDS = 86_400

/** The policy of the settings. */
export function lockoutPolicy(settings: LockoutSettings): LockoutPolicy {
  const windowSeconds = settings.LOCKOUT_WINDOW_SECONDS
  const blockSeconds = settings.LOCKOUT_BLOCK_SECONDS
  const growing = { windowSeconds, blockSeconds: 60, maxBlockSeconds: HOUR_SECONDS }
  return {
    login: { attempts: settings.LOCKOUT_ATTEMPTS, windowSeconds, blockSeconds, maxBlockSeconds: blockSeconds },
    account: { attempts: settings.LOCKOUT_ACCOUNT_ATTEMPTS, ...growing },
    address: { attempts: settings.LOCKOUT_ADDRESS_ATTEMPTS, ...growing },
    exemptsLoopback: (settings.TRUSTED_PROXIES ?? []).length === 0,
    client: { attempts: settings.LOCKOUT_CLIENT_ATTEMPTS, windowSeconds, divisor: 5 },
    knownSeconds: 90 * DAY_SECONDS,
    resends: { withinSeconds: 10, sends: 4 },
  }
}

/** A known device, an address the account signed in from before, any other. */
export type AttemptOrigin = 'device' | 'place' | 'stranger'
export type BudgetName = 'device' | 'pair' | 'account' | 'address'

/** The budgets that bind in a origin. Strangers' failures touch only strangers: that is what keeps the buyer in. */
export const BINDING: Readonly<Record<AttemptOrigin, readonly BudgetName[]>> = {
  device: ['device'],
  place: ['pair'],
  stranger: ['pair', 'account', 'address'],
}

/** What storage knew when an attempt was reserved. */
export type Standing = {
  readonly isKnownDevice: boolean
  readonly isKnownPlace: boolean
  readonly isClientUnderAttack: boolean
  /** This attempt included; a budget that does not apply is missing. */
  readonly counts: Readonly<Partial<Record<BudgetName, number>>>
  /** Epoch seconds; missing when there is no block. */
  readonly blockedUntil: Readonly<Partial<Record<BudgetName, number>>>
}

export type Decision = {
  readonly origin: AttemptOrigin
  readonly lockedForSeconds?: number
  /** Nothing is blocked: the room is taken by attempts whose passwords are being checked right now. */
  readonly isCrowded?: true
}

/** Decides whether an attempt may have its password checked. Pure. */
export function decide(standing: Standing, policy: LockoutPolicy, now: number): Decision {
  const origin = standing.isKnownDevice ? 'device' : standing.isKnownPlace ? 'place' : 'stranger'
  const blocks = BINDING[origin].flatMap((name) => {
    const until = standing.blockedUntil[name]
    return until === undefined ? [] : Math.max(1, Math.ceil(until - now))
  })
  if (blocks.length > 0) return { origin, lockedForSeconds: Math.max(...blocks) }
  const over = BINDING[origin].filter((name) => (standing.counts[name] ?? 0) > limitOf(name, standing, policy))
  if (over.length === 0) return { origin }
  return {
    origin,
    lockedForSeconds: Math.max(...over.map((name) => budgetOf(name, policy).blockSeconds)),
    isCrowded: true,
  }
}

/** The budgets that a failed attempt used up, and that must now be blocked. Pure. */
export function exhausted(origin: AttemptOrigin, standing: Standing, policy: LockoutPolicy): BudgetName[] {
  return BINDING[origin].filter((name) => (standing.counts[name] ?? 0) >= limitOf(name, standing, policy))
}

export function budgetOf(name: BudgetName, policy: LockoutPolicy): Budget {
  return name === 'device' || name === 'pair' ? policy.login : policy[name]
}

/** How long the `nth` block of a day lasts. */
export function blockSeconds({ blockSeconds: first, maxBlockSeconds }: Budget, nth: number): number {
  return Math.min(first * 2 ** Math.min(nth - 1, 20), maxBlockSeconds)
}

/** The window in which blocks grow. */
export const BLOCK_MEMORY_SECONDS = DAY_SECONDS

function limitOf(name: BudgetName, standing: Standing, policy: LockoutPolicy): number {
  const { attempts } = budgetOf(name, policy)
  const isTightened = standing.isClientUnderAttack && (name === 'account' || name === 'address')
  return isTightened ? Math.max(1, Math.floor(attempts / policy.client.divisor)) : attempts
}
