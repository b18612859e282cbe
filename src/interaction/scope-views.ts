import type { AskedScope } from '../oauth/browser/asked-scopes.ts'
import { FALLBACK_LANGUAGE, lookUpLanguage } from './languages.ts'

/** A scope as a page shows it: by the description of its resource server, or by our texts where there is none. */
export type ScopeView = {
  readonly name: string
  /** In `language`, BCP 47. */
  readonly description?: string
  readonly language?: string
  /** Whose it is, where its name is not for people; empty where that has no name. */
  readonly resource?: string
}

/** Each scope with its description in the first wanted language there is one in, else in English. */
export function scopeViews(scopes: readonly AskedScope[], wanted: readonly string[]): ScopeView[] {
  return scopes.map(({ name, description = {}, resource }) => {
    const texts = new Map(Object.entries(description).map(([tag, text]) => [tag.toLowerCase(), { tag, text }]))
    const found = lookUpLanguage([...wanted, FALLBACK_LANGUAGE], (tag) => texts.has(tag)) ?? ''
    const { tag: language, text } = texts.get(found) ?? {}
    return {
      name,
      ...(text !== undefined && { description: text }),
      ...(language !== undefined && { language }),
      ...(resource !== undefined && { resource }),
    }
  })
}
