import type {
  AccessToken,
  Account,
  AuthorizationCode,
  Client,
  ClientCredentials,
  Grant,
  Provider,
  RefreshToken,
  Session,
} from 'oidc-provider'

// What oidc-provider's published types leave out or get wrong, said once. Each function is one cast with its reason.

/** The part of the library's context that these functions read. */
type Request = { readonly oidc: { readonly params?: unknown; readonly client?: Client | undefined } }

/** The parameters of the request under way. The library has read them before it asks us; each value is untyped input. */
export function parametersOf(ctx: Request): Record<string, unknown> {
  return (ctx.oidc.params ?? {}) as Record<string, unknown> // an object of values that nothing has checked
}

/** @throws where no client was authenticated; the library does so before a grant type runs. */
export function clientIdOf(ctx: Request): string {
  const { client } = ctx.oidc
  if (!client) throw new Error('a token request is handled after its client is authenticated')
  return client.clientId
}

/** Claims for the library, whose type wants a value's type said for each. */
export function asClaims(claims: object): Awaited<ReturnType<Account['claims']>> {
  return claims as Awaited<ReturnType<Account['claims']>> // `sub` and JSON values, as `accountClaims` makes them
}

/** A token with these fields. The published constructor wants some that the library fills in itself. */
export function newAccessToken({ AccessToken }: Provider, fields: object): AccessToken {
  return new AccessToken(fields as ConstructorParameters<typeof AccessToken>[0]) // see above
}

/** As `newAccessToken`. */
export function newRefreshToken({ RefreshToken }: Provider, fields: object): RefreshToken {
  return new RefreshToken(fields as ConstructorParameters<typeof RefreshToken>[0]) // see newAccessToken
}

/** As `newAccessToken`. */
export function newClientToken({ ClientCredentials }: Provider, fields: object): ClientCredentials {
  return new ClientCredentials(fields as ConstructorParameters<typeof ClientCredentials>[0]) // see newAccessToken
}

/** A grant with these fields, also those of one that is stored: the published constructor takes three. */
export function newGrantWith({ Grant }: Provider, fields: object): Grant {
  return new Grant(fields as ConstructorParameters<typeof Grant>[0]) // the library takes every field it stores
}

/** As `newAccessToken`. */
export function newCodeWith({ AuthorizationCode }: Provider, fields: object): AuthorizationCode {
  return new AuthorizationCode(fields as ConstructorParameters<typeof AuthorizationCode>[0]) // see newAccessToken
}

/** The fields of a model that the library stores. */
export function storedFields(model: object): readonly string[] {
  return (model as { IN_PAYLOAD: string[] }).IN_PAYLOAD // every model has the list, protected in the published types
}

/** Replaces the list of fields that the library stores of a model. */
export function storeAlso(model: object, added: readonly string[]): void {
  const fields = [...storedFields(model), ...added]
  Object.defineProperty(model, 'IN_PAYLOAD', { get: () => fields })
}

/** A value of a model that has the library's making of ids, which the published types leave out. */
type MakesIds = { generateTokenId(): string }

/** A new id, as the library makes them for this model. */
export function newIdOf(model: object): string {
  return (model as MakesIds).generateTokenId() // every model has it
}

/** Has ids of a model made by `make`, which gets the library's way and the token as `this`. */
export function makeIds<Model extends object>(
  prototype: Model,
  make: (token: Model, usual: () => string) => string,
): void {
  const generate = (prototype as MakesIds).generateTokenId // every model has it
  Object.assign(prototype, {
    generateTokenId(this: Model) {
      return make(this, () => generate.call(this as Model & MakesIds)) // see above
    },
  })
}

/** The browser's session, in a request that the library does not handle. */
export function sessionOf({ Session }: Provider, ctx: object): Promise<Session> {
  return Session.get(ctx as Parameters<typeof Session.get>[0]) // it reads cookies, which every Koa context has
}

/** A token as the source of another: the library's helpers want the type of an authorization code. */
export function asSource<Source>(token: object): Source {
  return token as Source // they read scopes, grant and times, which every token has
}
