import { createHmac, randomUUID } from 'node:crypto'
import type { Provider } from 'oidc-provider'
import { noteSignIn, signInUnderWay } from '../../http/request-id.ts'
import { storeAlso } from '../library-values.ts'

/** 132 bits: no two sign-ins share them. */
const DIGEST_LENGTH = 22

/**
 * Makes the name under which a sign-in can be followed out of the id of what it began with. That id is a bearer value, or
 * leads to one; the digest is keyed, so that nobody can compute it who reads a log.
 */
export function createSignInDigest(key: string): (id: string) => string {
  return (id) => createHmac('sha256', key).update(`sign-in\n${id}`).digest('base64url').slice(0, DIGEST_LENGTH)
}

/**
 * Gives each sign-in by way of a browser one digest, from its first request to the redemption of its code. What the library stores on
 * the way keeps the digest, and a request that reads it back is noted as a part of that sign-in.
 */
export function followSignIns(provider: Provider, digestOf: (id: string) => string): void {
  const { PushedAuthorizationRequest, Interaction, AuthorizationCode, DeviceCode } = provider
  // Their published types are generic over their own instances.
  for (const model of [PushedAuthorizationRequest, Interaction, AuthorizationCode, DeviceCode] as unknown as Model[]) {
    follow(model, digestOf)
  }
}

function follow(model: Model, digestOf: (id: string) => string): void {
  storeAlso(model, ['signIn'])
  const { save } = model.prototype
  model.prototype.save = function saveWithSignIn(ttlSeconds) {
    // A code has no id before the library saves it.
    this.signIn ??= signInUnderWay() ?? digestOf(this.jti ?? randomUUID())
    noteSignIn(this.signIn)
    return save.call(this, ttlSeconds)
  }
  for (const name of ['find', 'findByUserCode'] as const) {
    const find = model[name]?.bind(model)
    if (!find) continue
    model[name] = async (id, options) => {
      const found = await find(id, options)
      if (found?.signIn !== undefined) noteSignIn(found.signIn)
      return found
    }
  }
}

type Stored = { jti?: string; signIn?: string; save(ttlSeconds?: number): Promise<string> }
type Find = (id: string, options?: object) => Promise<Stored | undefined>
type Model = { readonly prototype: Stored; find: Find; findByUserCode?: Find }
