/** A page of the account, with its parts. */
export type AccountPageView = {
  readonly page: string
  readonly links: readonly { readonly page: string; readonly href: string }[]
  readonly signOut: string
  /** What a person just did, by a code that the texts explain; it may come from an address. */
  readonly notice?: string
  readonly problem?: string
  readonly waitSeconds?: number
  readonly hasScript: boolean
  readonly sections: readonly AccountPartView[]
}

/** A form of the account on a page of its own. */
export type AccountFormView = {
  readonly page: string
  /** The page that it belongs to. */
  readonly back: string
  readonly problem?: string
  /** The fields that the problem is about. */
  readonly fields?: readonly string[]
  readonly waitSeconds?: number
  readonly minLength: number
  readonly section: AccountPartView
}

/** A part, by the name of its template in `views/account/`; one with passkeys or passwords needs the script. */
export type AccountPartView = {
  readonly template: string
  readonly hasScript?: boolean
  readonly [member: string]: unknown
}
