import { toListed } from '../admin/routes/recorded-token.ts'
import type { AuditTrail } from '../audit/trail.ts'
import type { ClientLinks } from '../client-links/client-links.ts'
import type { CustomerFactors } from '../customers/second-factor/customer-factors.ts'
import type { Page, PageRequest } from '../database/page.ts'
import type { Mandates } from '../mandates/mandates.ts'
import { MOST_HOLDS } from '../mandates/spending.ts'
import type { ActiveGrants } from '../oauth/sign-outs/active-grants.ts'
import type { SupportAccesses } from '../support-access/support-accesses.ts'
import type { TokenHistory } from '../token-history/token-history.ts'

type PersonalDataSources = {
  readonly auditTrail: AuditTrail
  readonly tokenHistory: TokenHistory
  readonly activeGrants: ActiveGrants
  readonly supportAccesses: Pick<SupportAccesses, 'list'>
  readonly mandates: Pick<Mandates, 'list' | 'holds'>
  readonly factors: Pick<CustomerFactors, 'standing' | 'devices'>
  readonly clientLinks: Pick<ClientLinks, 'consentsOf'>
}

const PAGE = 1000

/** What is kept about a customer beside the tables of customers, by heading. */
export function createCollectPersonalData(sources: PersonalDataSources) {
  const { auditTrail, tokenHistory, activeGrants, supportAccesses, mandates, factors, clientLinks } = sources
  return async (customerId: string) => ({
    audit: await auditOf(auditTrail, customerId),
    signIns: await signInsOf(activeGrants, customerId),
    supportAccesses: await accessesOf(supportAccesses, customerId),
    consents: await clientLinks.consentsOf(customerId),
    mandates: await mandatesOf(mandates, customerId),
    tokens: await tokensOf(tokenHistory, customerId),
    secondFactor: await factors.standing(customerId),
    rememberedBrowsers: await factors.devices.list(customerId),
  })
}

/** Every sign-in that is alive; they are found by the trail, which must have been written before. */
function signInsOf({ list }: ActiveGrants, customerId: string): Promise<object[]> {
  return allPages((page) => list({ customerId }, page))
}

/** Every time an agent acted, or asked to act, for the customer. */
function accessesOf({ list }: Pick<SupportAccesses, 'list'>, customerId: string): Promise<object[]> {
  return allPages((page) => list({ customerId }, page))
}

/** Every purchase mandate, with its orders. */
async function mandatesOf(mandates: Pick<Mandates, 'list' | 'holds'>, customerId: string): Promise<object[]> {
  const found = await allPages((page) => mandates.list({ customerId }, page))
  return Promise.all(
    found.map(async (mandate) => ({ ...mandate, orders: await mandates.holds(mandate.id, MOST_HOLDS) })),
  )
}

async function allPages<Item extends object>(list: (page: PageRequest) => Promise<Page<Item>>): Promise<Item[]> {
  const items: Item[] = []
  let cursor: string | undefined
  do {
    const page = await list({ limit: PAGE, ...(cursor !== undefined && { cursor }) })
    items.push(...page.items)
    cursor = page.next
  } while (cursor !== undefined)
  return items
}

/** What the audit trail says, newest first. */
async function auditOf(auditTrail: AuditTrail, customerId: string): Promise<object[]> {
  const entries: object[] = []
  let before: number | undefined
  await auditTrail.flush()
  for (;;) {
    const page = await auditTrail.find({ customerId, limit: PAGE, ...(before !== undefined && { before }) })
    entries.push(...page)
    before = page.at(-1)?.seq
    if (before === undefined) return entries
  }
}

/** The tokens on record, newest first. */
async function tokensOf(history: TokenHistory, customerId: string): Promise<object[]> {
  const tokens: object[] = []
  let before: number | undefined
  await history.flush()
  for (;;) {
    const page = await history.find({ accountId: customerId, before, limit: PAGE })
    tokens.push(...page.map(toListed))
    before = page.at(-1)?.record.seq
    if (before === undefined) return tokens
  }
}
