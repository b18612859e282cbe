import type { TokenEndpointGrantContext } from 'oidc-provider'
import { expect, test } from 'vitest'
import { resolveIssuer } from '../../src/issuers/kinds.ts'
import { createLinkAccount, type LinkAccountDeps } from '../../src/oauth/assertions/google-linking.ts'

const issuer = resolveIssuer({
  id: 'google',
  issuer: 'https://accounts.google.com',
  kind: 'google-linking',
  audience: 'ours',
  clients: ['google'],
})
const claims = { sub: 'person', email: 'person@elsewhere.example' }
const assertion = { issuer, claims, subject: 'person', onceOnly: undefined, jkt: undefined }

/** What is looked up, and how long is waited, for an answer to `check`. */
async function stepsOf(isLinked: boolean, hasAddress: boolean) {
  const steps: string[] = []
  const found = { outcome: isLinked ? 'refused' : 'unknown' } as const
  const deps: Pick<LinkAccountDeps, 'directory' | 'wait'> & Record<string, unknown> = {
    issuerSubjects: {
      find: async () => {
        steps.push('link')
        return found
      },
    },
    directory: {
      findByLogin: async () => {
        steps.push('address')
        return hasAddress ? ({} as never) : undefined // only whether there is one is looked at
      },
    },
    metrics: { accountLinking: { inc: () => undefined } },
    audit: () => undefined,
    wait: async (ms: number) => {
      expect(ms).toBeGreaterThan(0)
      expect(ms).toBeLessThanOrEqual(100)
      steps.push('wait')
    },
  }
  const ctx = { oidc: { params: { intent: 'check' }, client: { clientId: 'google' } }, state: {}, ip: '', status: 0 }
  const linkAccount = createLinkAccount(deps as never) // the ports that an answer to `check` needs
  await linkAccount(ctx as unknown as TokenEndpointGrantContext, assertion) // the members that it reads
  return { steps, status: ctx.status }
}

test('both answers to check follow the same steps, and a wait to the same moment', async () => {
  const answers = [
    await stepsOf(true, true),
    await stepsOf(true, false),
    await stepsOf(false, true),
    await stepsOf(false, false),
  ]
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 404])
  for (const { steps } of answers) expect(steps).toEqual(['link', 'address', 'wait'])
})
