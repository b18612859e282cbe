import type { Knex } from 'knex'
import { isStorable } from '../../database/storable.ts'
import type { ClientMetadata } from '../client-schema.ts'
import type { ClientRegistry } from '../registry.ts'
import { digestSecret, newSecretValue } from '../secrets.ts'
import type { InitialTokens } from './initial-tokens.ts'

export type Registrations = ReturnType<typeof createRegistrations>

export type RegistrationsDeps = {
  readonly knex: Knex
  readonly clients: Pick<ClientRegistry, 'create' | 'changed'>
  readonly initialTokens: Pick<InitialTokens, 'use'>
  /** Days without a token after which a client that was used once is removed. */
  readonly idleDays: number
}

/** So many clients may have registered themselves at a time. */
export const MOST_REGISTERED = 20_000
/** Strangers leave room for who has a token of an operator. */
export const MOST_WITHOUT_TOKEN = 18_000
/** A client that got no token in its first day is removed. */
const UNUSED_HOURS = 24
const MOST_REMOVED = 200

/** Another caller used the token up, or there are too many clients. */
export class NoRoom extends Error {}

/** Who registered itself, and the token by which it looks after that (RFC 7592), of which a digest is kept. */
export function createRegistrations({ knex, clients, initialTokens, idleDays }: RegistrationsDeps) {
  return {
    /**
     * Stores a client with its registration, and gives the token.
     *
     * @throws NoRoom
     */
    async create(metadata: ClientMetadata, initialTokenId: string | undefined): Promise<string> {
      const token = newSecretValue()
      const made = await clients.create(metadata, undefined, async (transaction) => {
        if (initialTokenId !== undefined && !(await initialTokens.use(initialTokenId, transaction))) throw new NoRoom()
        const [{ count = 0 } = {}] = await transaction('client_registrations').count({ count: '*' })
        if (Number(count) >= (initialTokenId === undefined ? MOST_WITHOUT_TOKEN : MOST_REGISTERED)) throw new NoRoom()
        await transaction('client_registrations').insert({
          client_id: metadata.client_id,
          token_sha256: digestSecret(token),
          initial_token_id: initialTokenId ?? null,
        })
      })
      if (!made) throw new Error('an id of 128 random bits is taken')
      return token
    },

    /** Epoch seconds of the registration that the token looks after; undefined of another token, and of a client that an operator adopted. */
    async find(clientId: string, presented: string): Promise<number | undefined> {
      if (!isStorable(clientId)) return undefined
      const { rows } = await knex.raw<{ rows: { registered_at: string }[] }>(
        `select extract(epoch from r.created_at) as registered_at
         from client_registrations r join clients c on c.client_id = r.client_id
         where r.client_id = ? and r.token_sha256 = ? and c.is_enabled and c.metadata ->> 'self_registered' = 'true'`,
        [clientId, digestSecret(presented)],
      )
      return rows[0] && Math.floor(Number(rows[0].registered_at))
    },

    /** How many there are, those that an operator adopted included. */
    async count(): Promise<number> {
      const [{ count = 0 } = {}] = await knex('client_registrations').count({ count: '*' })
      return Number(count)
    },

    /** Removes clients that nobody uses; the ids of those that are gone now. Several nodes may do so at once. */
    async removeUnused(): Promise<readonly string[]> {
      const { rows } = await knex.raw<{ rows: { client_id: string }[] }>(REMOVE, [UNUSED_HOURS, idleDays, MOST_REMOVED])
      if (rows.length > 0) await clients.changed()
      return rows.map(({ client_id: clientId }) => clientId)
    },
  }
}

const REMOVE = `
  with used as (select client_id, max(day) as day from grant_type_uses group by client_id)
  delete from clients where client_id in (
    select r.client_id
    from client_registrations r join clients c on c.client_id = r.client_id
    left join used on used.client_id = r.client_id
    where c.metadata ->> 'self_registered' = 'true' and r.created_at < now() - make_interval(hours => ?)
      and (used.day is null or used.day < current_date - ?::integer)
    limit ?)
  returning client_id`
