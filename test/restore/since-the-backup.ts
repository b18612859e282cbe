import { expect } from 'vitest'
import { runCli } from '../cli/run-cli.ts'
import { introspect, read, refresh, revoke, type Tokens, tokensOf } from '../endpoints/client.ts'
import { freePort } from '../support/free-port.ts'
import type { TestServer } from '../support/server.ts'

/** What lives in the backup and is ended after it. */
export type Ended = { readonly revoked: Tokens; readonly rotated: Tokens; readonly kids: readonly string[] }

/** Settings that stay the same over the restore: the address that tokens name, and what is kept apart from a backup. */
export async function operatorSettings() {
  const PORT = String(await freePort())
  return {
    PORT,
    ISSUER: `http://localhost:${PORT}`,
    KEY_ENCRYPTION_KEY: 'kept-apart-from-the-backup-0123',
    ADMIN_TOKEN: 'a-token-of-the-operator-012345',
  }
}

export async function signIn(server: TestServer): Promise<Pick<Ended, 'revoked' | 'rotated'>> {
  return { revoked: await tokensOf(server.url), rotated: await tokensOf(server.url) }
}

/** Revokes one sign-in, uses up the refresh token of another, and removes every key that signs as compromised. */
export async function endThem(server: TestServer, signIns: Pick<Ended, 'revoked' | 'rotated'>): Promise<Ended> {
  await revoke(server.url, signIns.revoked.refresh_token)
  expect((await refresh(server.url, signIns.rotated.refresh_token)).status).toBe(200)
  const access = { ADMIN_URL: server.adminUrl, ADMIN_TOKEN: String(server.config.ADMIN_TOKEN?.[0]) }
  const { stdout } = await runCli(['keys', 'list', '--json'], access)
  const { keys } = JSON.parse(stdout) as { keys: { kid: string; state: string }[] }
  const kids = keys.filter(({ state }) => state === 'active').map(({ kid }) => kid)
  expect(kids.length).toBeGreaterThan(0)
  for (const kid of kids) expect((await runCli(['keys', 'revoke', kid], access)).code).toBe(0)
  return { ...signIns, kids }
}

/** Nothing of it is alive again, nobody who was signed in is, and signing in works. */
export async function expectEnded(url: string, { revoked, rotated, kids }: Ended): Promise<void> {
  for (const { access_token, refresh_token } of [revoked, rotated]) {
    expect(await introspect(url, access_token)).toEqual({ active: false })
    expect((await read(refresh(url, refresh_token))).body.error).toBe('invalid_grant')
  }
  const { keys } = (await (await fetch(`${url}/jwks`)).json()) as { keys: { kid: string }[] }
  expect(keys.length).toBeGreaterThan(0)
  expect(keys.filter(({ kid }) => kids.includes(kid))).toEqual([])
  const { access_token } = await tokensOf(url)
  expect((await introspect(url, access_token)).active).toBe(true)
  const header = JSON.parse(Buffer.from(String(access_token.split('.')[0]), 'base64url').toString()) as { kid: string }
  expect(kids).not.toContain(header.kid)
  expect(keys.map(({ kid }) => kid)).toContain(header.kid)
}
