import type { AgentDirectory } from '../../agents/directory.ts'
import type { Directory } from '../../customers/directory.ts'
import { ShopServiceError } from '../../customers/sources/shop-failure.ts'
import { isStorable } from '../../database/storable.ts'
import { agentIdOf } from '../../oauth/accounts/agent-account.ts'
import {
  addressIn,
  identifiersIn,
  type PersonIdentifier,
  type SingleIdentifier,
} from '../../shared-signals/subject-identifier.ts'

/** Somebody with sign-ins of their own. */
export type Person = { readonly of: 'customer' | 'agent'; readonly id: string }

export type FindPeopleDeps = {
  readonly issuer: string
  readonly customers: Pick<Directory, 'findById' | 'findByReference' | 'findByLogin'>
  readonly agents: Pick<AgentDirectory, 'findById' | 'findByLogin'>
  /** The ids of the customers that a person of a sign-in provider is here. */
  readonly linkedCustomers: (issuer: string, subject: string) => Promise<readonly string[]>
}

/** Everybody whom a subject identifier names; nobody where it names none that is here. */
export type FindPeople = (identifier: PersonIdentifier) => Promise<readonly Person[]>

/** An e-mail address can be that of a customer and of an agent; other identifiers name one person. */
export function createFindPeople(deps: FindPeopleDeps): FindPeople {
  return async function findPeople(identifier) {
    const found = await Promise.all(identifiersIn(identifier).map((each) => findBySingle(deps, each)))
    return [...new Map(found.flat().map((person) => [`${person.of}:${person.id}`, person])).values()]
  }
}

async function findBySingle(deps: FindPeopleDeps, identifier: SingleIdentifier): Promise<readonly Person[]> {
  const address = addressIn(identifier)
  if (address !== undefined) return findByAddress(deps, address)
  if (identifier.format === 'opaque')
    return [...(await findByAccount(deps, identifier.id)), ...(await findByReference(deps, identifier.id))]
  if (identifier.format !== 'iss_sub') return []
  const { iss, sub } = identifier
  if (iss === deps.issuer) return findByAccount(deps, sub)
  return isStorable(sub) ? (await deps.linkedCustomers(iss, sub)).map((id) => ({ of: 'customer', id })) : []
}

async function findByAddress({ customers, agents }: FindPeopleDeps, address: string): Promise<readonly Person[]> {
  if (!isStorable(address)) return []
  const [found, agent] = await Promise.all([customers.findByLogin(address), agents.findByLogin(address)])
  return [
    ...(found ? [{ of: 'customer', id: found.customer.id } as const] : []),
    ...(agent ? [{ of: 'agent', id: agent.person.id } as const] : []),
  ]
}

/** By the `sub` of our tokens. */
async function findByAccount({ customers, agents }: FindPeopleDeps, sub: string): Promise<readonly Person[]> {
  if (!isStorable(sub)) return []
  const agentId = agentIdOf(sub)
  if (agentId !== undefined) return (await agents.findById(agentId)) ? [{ of: 'agent', id: agentId }] : []
  const person = { of: 'customer', id: sub } as const
  try {
    return (await customers.findById(sub)) ? [person] : []
  } catch (error) {
    // The id is all that it takes: the shop's service need not answer for a sign-in to end.
    if (error instanceof ShopServiceError) return [person]
    throw error
  }
}

async function findByReference({ customers }: FindPeopleDeps, reference: string): Promise<readonly Person[]> {
  if (!isStorable(reference)) return []
  const found = await customers.findByReference(reference).catch((error: unknown) => {
    if (error instanceof ShopServiceError) return undefined
    throw error
  })
  return found ? [{ of: 'customer', id: found.id }] : []
}
