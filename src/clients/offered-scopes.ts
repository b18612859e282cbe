import type { Knex } from 'knex'

const RENEW_EVERY_MS = 10_000

/** What is looked at of a resource server. */
type Offer = { readonly is_offered?: boolean | undefined; readonly scopes: readonly string[] }

/** Whether software of others may have tokens for it. */
export function isOffered({ is_offered }: Pick<Offer, 'is_offered'>): boolean {
  return is_offered !== false
}

/**
 * The scopes of all resource servers that are offered to software of others. They are kept in memory and looked up again
 * behind the answer, so that metadata is served at once, also while the database is away.
 */
export function createOfferedScopes(knex: Knex, builtIn: readonly Offer[]) {
  const own = builtIn.filter(isOffered).flatMap(({ scopes }) => scopes)
  let known: readonly string[] | undefined
  let ofOperators: readonly string[] = []
  let lookedAtMs = 0

  async function look(): Promise<void> {
    lookedAtMs = Date.now()
    const found = await load(knex).catch(() => undefined)
    if (!found) return
    ofOperators = found
    known = [...new Set([...own, ...found])].sort()
  }

  const first = look()
  return {
    /** After a change. Where the database does not answer, what is known stays. */
    look,
    /** The same where this node knows them already. */
    peek(): readonly string[] | undefined {
      if (Date.now() - lookedAtMs > RENEW_EVERY_MS) void look()
      return known
    },
    /** Without those of dialects and of this server itself, among which are rights over everybody. */
    async ofOperators(): Promise<readonly string[]> {
      if (Date.now() - lookedAtMs > RENEW_EVERY_MS) void look()
      await first
      return ofOperators
    },
    async current(): Promise<readonly string[]> {
      if (Date.now() - lookedAtMs > RENEW_EVERY_MS) void look()
      if (!known) await first
      return known ?? own
    },
  }
}

async function load(knex: Knex): Promise<string[]> {
  const { rows } = await knex.raw<{ rows: { scope: string }[] }>(
    `select distinct scope from resource_servers, json_array_elements_text(settings -> 'scopes') as scope
     where settings ->> 'is_offered' is distinct from 'false'`,
  )
  return rows.map(({ scope }) => scope)
}
