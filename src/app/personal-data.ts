import { toListed } from '../admin/routes/recorded-token.ts'
import type { AuditTrail } from '../audit/trail.ts'
import type { ActiveGrants } from '../oauth/sign-outs/active-grants.ts'
import type { TokenHistory } from '../token-history/token-history.ts'

type PersonalDataSources = {
  readonly auditTrail: AuditTrail
  readonly tokenHistory: TokenHistory
  readonly activeGrants: ActiveGrants
}

const PAGE = 1000

/** What is kept about a customer beside the tables of customers, by heading. */
export function createCollectPersonalData({ auditTrail, tokenHistory, activeGrants }: PersonalDataSources) {
  return async (customerId: string) => ({
    audit: await auditOf(auditTrail, customerId),
    signIns: await signInsOf(activeGrants, customerId),
    tokens: await tokensOf(tokenHistory, customerId),
  })
}

/** Every sign-in that is alive; they are found by the trail, which must have been written before. */
async function signInsOf({ list }: ActiveGrants, customerId: string): Promise<object[]> {
  const signIns: object[] = []
  let cursor: string | undefined
  do {
    const page = await list({ customerId }, { limit: PAGE, ...(cursor !== undefined && { cursor }) })
    signIns.push(...page.items)
    cursor = page.next
  } while (cursor !== undefined)
  return signIns
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
