import { fileURLToPath } from 'node:url'
import { freePort } from '../../test/support/free-port.ts'
import { basicAuth } from '../../test/support/http.ts'
import { APP, CUSTOMER, OPAQUE_SCOPE, type PeerInput, SEED_PATH, SERVICE } from '../peers/peer.ts'
import type { Cores, Pinning } from './cores.ts'
import type { RunningServer } from './our-server.ts'
import { startProgram } from './start-program.ts'
import type { Stores } from './stores.ts'
import { ask, askForTokens, form, get, type Target, type TokenKind } from './target.ts'

/** What each peer is, for the table; `bench/peers/` has a program of each name. */
export const peers = {
  'oidc-provider': 'oidc-provider + Redis',
  'oauth2-server': 'node-oauth2-server + Redis, opaque tokens',
} as const

export type PeerName = keyof typeof peers

/** Starts another server of this kind, with a client and an account like ours. */
export async function startPeer(
  name: PeerName,
  deps: { readonly stores: Stores; readonly pinning: Pinning; readonly cores: Cores },
): Promise<RunningServer> {
  const input: PeerInput = { port: await freePort(), redisUrl: await deps.stores.redisDatabase() }
  const program = fileURLToPath(new URL(`../peers/${name}.ts`, import.meta.url))
  const daemon = await startProgram(program, input, deps)
  return { pid: daemon.pid, target: targetAt(input.port), stop: async () => void (await daemon.kill()) }
}

function targetAt(port: number): Target {
  const paths = {
    jwks: '/jwks',
    discovery: '/.well-known/openid-configuration',
    token: '/token',
    introspection: '/token/introspection',
    revocation: '/token/revocation',
    userinfo: '/me',
  }
  const ofMachine = () =>
    ask(
      port,
      form(
        paths.token,
        { grant_type: 'client_credentials', scope: OPAQUE_SCOPE },
        basicAuth(SERVICE.id, SERVICE.secret),
      ),
    )
  return {
    port,
    paths,
    service: SERVICE,
    app: APP,
    customer: CUSTOMER,
    async tokens(kind: TokenKind, count: number) {
      if (kind === 'machine') return askForTokens(count, 'access_token', ofMachine)
      if (kind === 'refresh') return askForTokens(count, 'refresh_token', () => ask(port, get(SEED_PATH)))
      throw new Error(`peers have no ${kind} tokens`)
    },
  }
}
