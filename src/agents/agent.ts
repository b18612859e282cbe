/** A back-office person who may act for a customer. */
export type Agent = {
  /** A UUID; `sub` and `act` in tokens. */
  readonly id: string
  /** The shop's own integer key, `id_agent` in Spryker-shaped tokens. */
  readonly idAgent: number
  readonly email: string
  readonly name?: string
  /** The shop's number of the warehouse they work in; in Spryker-shaped tokens of the back office. */
  readonly idWarehouse?: number
  readonly status: 'active' | 'blocked'
  /** Without it a back-office person signs in nowhere here. */
  readonly isAgent: boolean
}
