import type { TestProject } from 'vitest/node'
import { type Backend, backends, whyCiCannotRun, whyMissing } from './binaries.ts'
import { closeRunDirectory, openRunDirectory, runDirectory } from './run-directory.ts'
import { openSharedServers } from './shared-servers.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Address of the process that hands out databases. */
    sharedServers: string
    /** Why suites on a backend cannot run here; an absent backend can. */
    missing: Partial<Record<Backend, string>>
  }
}

/** Once per run, before the first test file; returns what ends it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const refusal = whyCiCannotRun(process.env)
  if (refusal) throw new Error(refusal)

  const ownDirectory = runDirectory() ? undefined : openRunDirectory()
  const shared = await openSharedServers()
  project.provide('sharedServers', shared.url)
  const reasons = (Object.keys(backends) as Backend[]).map((backend) => [backend, whyMissing(backend)] as const)
  project.provide('missing', Object.fromEntries(reasons.filter(([, reason]) => reason !== undefined)))

  if (process.env.TEST_WHOLE_RUN) await shared.prepareTemplates()

  return async () => {
    await shared.close()
    if (ownDirectory) closeRunDirectory(ownDirectory)
  }
}
