import type { StoredArtifact } from '../../storage/storage.ts'
import { isLoopback, networkOf } from '../ip-network.ts'
import type { BudgetName, LockoutPolicy, Standing } from './lockout-policy.ts'
import type { Throttle } from './login-throttle.ts'

/** Where an attempt comes from. Every endpoint fills it in. */
export type LoginContext = {
  readonly ip: string
  readonly clientId?: string
  /** From a cookie that the endpoint signed, or another proof: a guessed id would be another person's origin. */
  readonly deviceId?: string
  /** True for clients whose SDK repeats a refused request by itself: a few identical sends count as one. */
  readonly resends?: boolean
  /** The endpoint's own limit, beside lockout. */
  readonly throttle?: Throttle
}

/** An endpoint that says nothing about its caller shares one address with all the others that do so. */
export const NOWHERE: LoginContext = { ip: '' }

/** The kinds under which lockout keeps what it knows. */
export const BLOCK = 'LockoutBlock'
export const ALERT = 'LockoutAlert'
export const DEVICE = 'KnownDevice'
export const PLACE = 'KnownPlace'
/** An operator lifted every block of an account from before. */
export const LIFT = 'LockoutLift'
/** The newest block of an account, for operators to see. */
export const NEWEST = 'LockoutNewest'

export type Names = ReturnType<typeof namesOf>

/** Under which names storage keeps what is known of attempts on `subject` from a place. */
export function namesOf(
  subject: string,
  { ip, clientId, deviceId }: LoginContext,
  { exemptsLoopback }: Pick<LockoutPolicy, 'exemptsLoopback'>,
) {
  const network = networkOf(ip)
  const [realm] = subject.split(':', 1)
  const deviceName = deviceId === undefined ? undefined : `${subject}:${deviceId}`
  const placeId = `${subject}:${network}`
  const clientKey = clientId && `lockout:client:${clientId}`
  const budgets: (readonly [BudgetName, string])[] = [
    ...(deviceName === undefined ? [] : [['device', `lockout:device:${deviceName}`] as const]),
    ['pair', `lockout:pair:${placeId}`],
    ['account', `lockout:account:${subject}`],
    ...(exemptsLoopback && isLoopback(ip) ? [] : [['address', `lockout:address:${realm}:${network}`] as const]),
  ]
  const artifacts = [
    { kind: DEVICE, id: deviceName ?? '' },
    { kind: PLACE, id: placeId },
    { kind: ALERT, id: clientKey ?? '' },
    { kind: LIFT, id: subject },
    ...budgets.map(([, id]) => ({ kind: BLOCK, id })),
  ]
  return {
    subject,
    network,
    hasDevice: deviceName !== undefined,
    deviceId: deviceName,
    placeId,
    clientKey,
    budgets,
    artifacts,
  }
}

/** What storage knew; blocks from before an operator's lift are none. */
export function standingOf(
  { budgets, hasDevice }: Names,
  counts: readonly number[],
  [device, place, alert, lift, ...blocks]: readonly (StoredArtifact | undefined)[],
): Standing {
  const blockedUntil = budgets.flatMap(([name], index) => {
    const { until, since } = blocks[index]?.artifact ?? {}
    // What an address did to all accounts is not one account's to forgive.
    const isLifted = name !== 'address' && lift !== undefined && Number(since) <= Number(lift.artifact.at)
    return typeof until === 'number' && !isLifted ? [[name, until] as const] : []
  })
  return {
    isKnownDevice: hasDevice && device !== undefined,
    isKnownPlace: place !== undefined,
    isClientUnderAttack: alert !== undefined,
    counts: Object.fromEntries(budgets.map(([name], index) => [name, counts[index]])),
    blockedUntil: Object.fromEntries(blockedUntil),
  }
}

/** Counts the blocks of a day. */
export function levelKey(key: string): string {
  return `${key}:level`
}
