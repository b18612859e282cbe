import { createLocalJWKSet, jwtVerify } from 'jose'
import { type Answer, send } from './keep-alive.ts'

type KeySet = ReturnType<typeof createLocalJWKSet>

/**
 * What each node publishes, asked for anew each time; an unchanged set is answered 304 and not parsed again. Nodes that
 * publish the very same text share the parsed set.
 */
export function createPublishedKeys(urls: readonly string[]) {
  const parsed = new Map<string, KeySet>()

  function parse(text: string): KeySet {
    const keys = parsed.get(text) ?? createLocalJWKSet(JSON.parse(text))
    parsed.set(text, keys)
    return keys
  }

  return urls.map((url) => {
    let known: { etag: string; keys: KeySet } | undefined

    return async function fetchKeys(): Promise<{ answer: Answer; keys: KeySet | undefined }> {
      const asked = known
      const answer = await send(`${url}/jwks`, { headers: asked ? { 'if-none-match': asked.etag } : {} })
      if (answer.status === 304) return { answer, keys: asked?.keys }
      if (answer.status !== 200) return { answer, keys: undefined }
      const etag = answer.header('etag') ?? ''
      if (known?.etag !== etag) known = { etag, keys: parse(answer.text) }
      return { answer, keys: known.keys }
    }
  })
}

/** Verifies with jose, by the published keys alone: undefined, or why the token is not good. */
export async function whyUnverified(token: string, keys: KeySet | undefined, issuer: string) {
  if (!keys) return 'the key set was not answered'
  return jwtVerify(token, keys, { issuer }).then(
    () => undefined,
    (error: Error) => error.message,
  )
}
