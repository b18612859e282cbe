/** A stored password: its scheme is tagged per row and never guessed from the shape of the hash. */
export type StoredPassword = {
  readonly scheme: string
  readonly hash: string
  readonly salt?: string
}
