/** What a peer is told when it starts. */
export type PeerInput = { readonly port: number; readonly redisUrl: string }

/** A confidential client that gets tokens for itself and introspects them. */
export const SERVICE = { id: 'orders-service', secret: 'orders-service-secret' }
/** A public client that refreshes. */
export const APP = 'frontend'
export const CUSTOMER = { login: 'ron@swanson.com', password: 'mysecretpassword' }
/** Makes a token opaque that would be a JWT otherwise. */
export const OPAQUE_SCOPE = 'opaque'
/** A GET here gives a new refresh token of the customer to begin with; it is not measured. */
export const SEED_PATH = '/seed'

/** The input, which is the one argument of the program. */
export function readInput(): PeerInput {
  return JSON.parse(String(process.argv[2])) as PeerInput // what bench/run/peers.ts writes
}
