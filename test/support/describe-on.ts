import { describe, inject } from 'vitest'
import type { Backend } from './binaries.ts'

/**
 * A suite that needs something beyond Node. Where it is missing the suite is skipped and its name says what to
 * install; the last lines of `npm test` count it under that backend.
 */
export function describeOn(backend: Backend, name: string, suite: () => void): void {
  const reason = inject('missing')[backend]
  if (reason) describe.skip(`${name} (not run: ${reason})`, { tags: [backend] }, suite)
  else describe(name, { tags: [backend] }, suite)
}
