import { read, requestTokens, revoke } from '../endpoints/client.ts'

export type Acknowledged = { readonly access_token: string; readonly refresh_token: string }

export type Load = {
  /** Sessions whose sign-in was acknowledged, and of those the ones whose revocation was. */
  readonly signedIn: Acknowledged[]
  readonly revoked: Acknowledged[]
  /** Every status that was answered, with how often. */
  readonly statuses: Map<number, number>
  stop(): Promise<void>
}

/** Signs in without pause, and revokes every other session, until it is stopped. */
export function startLoad(url: string, callers = 2): Load {
  const load = { signedIn: [] as Acknowledged[], revoked: [] as Acknowledged[], statuses: new Map<number, number>() }
  let isStopping = false
  const note = (status: number) => load.statuses.set(status, (load.statuses.get(status) ?? 0) + 1)

  async function call(): Promise<void> {
    for (let count = 0; !isStopping; count++) {
      const { status, body } = await read(requestTokens(url))
      note(status)
      if (status !== 200) continue
      if (count % 2 === 0) {
        load.signedIn.push(body)
        continue
      }
      const answer = await revoke(url, body.refresh_token)
      await answer.arrayBuffer()
      note(answer.status)
      if (answer.status === 200) load.revoked.push(body)
    }
  }
  const running = Array.from({ length: callers }, call)
  return {
    ...load,
    async stop() {
      isStopping = true
      await Promise.all(running)
    },
  }
}
