import { seal, unseal } from '../../storage/seal.ts'
import type { Storage, StoredArtifact } from '../../storage/storage.ts'
import { isEmailAddress } from '../email.ts'
import { BLOCK, LIFT, type Names } from './lockout-names.ts'
import type { ShownLock } from './lockout-operations.ts'
import type { BudgetName } from './lockout-policy.ts'

/** A lock of any login or address. */
export type ListedLock = ShownLock & {
  /** Whose logins it keeps out: `customer`, `agent` or `administrator`. */
  readonly realm: string
  /**
   * The login as it was typed; absent for a lock of a whole network, and where what was typed is no e-mail address: it may be a
   * password in the wrong field.
   */
  readonly login?: string
}

/** A part of the list; `next` is where the part after it begins. Locks that were lifted are left out, so that a part may be empty. */
export type LockList = (part: { readonly limit: number; readonly after?: string }) => Promise<{
  readonly locks: readonly ListedLock[]
  readonly next?: string
}>

const CONTEXT = 'the subject of a lock'

/** What a block keeps of itself for the list. Who is locked is sealed: a login is personal data. */
export function describeBlock(
  key: string,
  { subject, network }: Pick<Names, 'subject' | 'network'>,
  of: BudgetName,
): { readonly of: BudgetName; readonly network: string; readonly sealedSubject: string } {
  return { of, network, sealedSubject: seal(key, CONTEXT, subject) }
}

/** Everything that is locked now: customers, agents, administrators and networks. */
export function createLockList({
  storage,
  digestKey,
}: {
  readonly storage: Pick<Storage, 'list' | 'getMany'>
  readonly digestKey: string
}): LockList {
  return async (part) => {
    const { found, next } = await storage.list(BLOCK, part)
    const blocks = found.flatMap((stored) => readBlock(stored, digestKey))
    const lifts = await storage.getMany(blocks.map(({ subject }) => ({ kind: LIFT, id: subject })))
    const standing = blocks.filter(
      ({ of, since }, index) => of === 'address' || since > Number(lifts[index]?.artifact.at ?? 0),
    )
    return { locks: standing.map(toLock), ...(next !== undefined && { next }) }
  }
}

type Block = {
  readonly of: BudgetName
  readonly network: string
  readonly subject: string
  readonly since: number
  readonly until: number
}

/** None of one that an earlier release wrote: it does not say what it is. */
function readBlock({ artifact }: StoredArtifact, key: string): Block[] {
  // Written by the lockout, if they are there.
  const { of, network, sealedSubject, since, until } = artifact as Partial<Omit<Block, 'subject'>> & {
    sealedSubject?: string
  }
  const subject = sealedSubject === undefined ? undefined : unseal(key, CONTEXT, sealedSubject)
  if (!of || network === undefined || subject === undefined) return []
  return [{ of, network, subject, since: Number(since), until: Number(until) }]
}

function toLock({ of, network, subject, until }: Block): ListedLock {
  const end = subject.indexOf(':')
  const login = subject.slice(end + 1)
  return {
    of,
    realm: subject.slice(0, end),
    until,
    ...(of !== 'account' && { network }),
    ...(of !== 'address' && isEmailAddress(login) && { login }),
  }
}
