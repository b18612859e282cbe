import { decodeProtectedHeader } from 'jose'
import { ordersService, tokensOf } from '../endpoints/client.ts'
import type { ServerProcess } from '../support/server.ts'
import { waitFor } from '../support/wait-for.ts'
import { askAdmin } from './server-nodes.ts'

export type RotationTimes = {
  /** From asking to the admin API's answer. */
  readonly answeredMs: number
  /** From the answer until every node signs with the new key and publishes it. */
  readonly liveMs: number
}

/** Far above what operators are promised, which a machine under tests need not keep. */
const LIVE_DEADLINE_MS = 30_000

type Changes = { readonly changes: readonly { readonly action: string; readonly kid: string }[]; detail?: string }

/**
 * Rotates all algorithms by force, on one node after the other, and sees each rotation through on all of them. The next
 * one comes when `between` is done.
 */
export async function rotateByForce(
  nodes: readonly ServerProcess[],
  {
    rotations,
    between,
  }: { readonly rotations: number; readonly between: (signers: readonly string[]) => Promise<unknown> },
): Promise<RotationTimes[]> {
  const times: RotationTimes[] = []
  for (let rotation = 0; rotation < rotations; rotation++) {
    const askedMs = performance.now()
    const node = nodes[rotation % nodes.length] as ServerProcess
    const { status, body } = await askAdmin<Changes>(node, 'POST', '/v1/keys/rotate', { force: true })
    if (status !== 200) throw new Error(`the rotation was refused: ${body.detail}`)
    const answeredMs = performance.now()
    const kids = body.changes.filter(({ action }) => action === 'activate').map(({ kid }) => kid)
    await Promise.all(
      nodes.map((each) => waitFor(() => signsWith(each, kids), { deadlineMs: LIVE_DEADLINE_MS, everyMs: 20 })),
    )
    times.push({ answeredMs: answeredMs - askedMs, liveMs: performance.now() - answeredMs })
    await between(kids)
  }
  return times
}

async function signsWith({ url }: ServerProcess, kids: readonly string[]): Promise<boolean> {
  const { access_token } = await tokensOf(url, { grant_type: 'client_credentials' }, ordersService)
  const { keys } = (await (await fetch(`${url}/jwks`)).json()) as { keys: { kid: string }[] }
  const isPublished = kids.every((kid) => keys.some((key) => key.kid === kid))
  return isPublished && kids.includes(String(decodeProtectedHeader(access_token).kid))
}
