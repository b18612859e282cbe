import type { Storage } from '../../storage/storage.ts'
import type { Client } from '../client.ts'
import { claimsToBeDocument, readClientIdUrl } from './client-id-url.ts'
import { consentDigest } from './consent-digest.ts'
import type { DocumentRows, StoredDocument } from './document-rows.ts'
import { createFetchBudget } from './fetch-budget.ts'
import { DOCUMENT_LIMITS, type FetchDocument } from './fetch-document.ts'
import { knownPartOf, shapeOf } from './look-alikes.ts'
import { DocumentFault } from './read-document.ts'
import { type DocumentPolicy, type DocumentTrust, trustOf, withCeilings } from './trust.ts'

/** What became of a client id that is an address, where a sign-in begins. The list is that of the metric. */
export type DocumentOutcome =
  | 'malformed'
  | 'unlisted'
  | 'blocked'
  | 'cached'
  | 'over-budget'
  | 'refused'
  | 'unchanged'
  | 'accepted'

/** What a check of a document came to. */
export type CheckedDocument = {
  readonly isUsable: boolean
  readonly problem?: string
  readonly name?: string
  readonly redirectUris?: string[]
}

/** One look at a document. */
export type DocumentNote = {
  readonly outcome: DocumentOutcome
  readonly clientId: string
  readonly ip: string
  /** Why it was refused, or what is other than before. */
  readonly reason?: string
}

export type ClientDocumentsDeps = {
  readonly policy: DocumentPolicy
  readonly rows: DocumentRows
  readonly storage: Pick<Storage, 'increment'>
  /** A document changed: what is remembered of its client is out of date. */
  readonly onChange: (clientId: string) => Promise<void>
  readonly fetchDocument: FetchDocument
  /** Names that no stranger may have: the shop's own, and those of registered clients. */
  readonly takenNames: () => Promise<readonly string[]>
  readonly note: (note: DocumentNote) => void
  /** How long every refusal after a fetch takes, so that its time says nothing of the address. */
  readonly refusalMs?: number
  /** Epoch milliseconds. */
  readonly now?: () => number
}

const NOTE_USE_EVERY_SECONDS = 3600
const MOST_NAMES = 1000

export type ClientDocuments = ReturnType<typeof createClientDocuments>

/** Clients that no operator registered: each is described by the document at the address that is its id. */
export function createClientDocuments(deps: ClientDocumentsDeps) {
  const { policy, rows, storage, onChange, fetchDocument, takenNames, note } = deps
  const { refusalMs = DOCUMENT_LIMITS.timeoutMs, now = () => Date.now() } = deps
  const mayFetch = createFetchBudget(storage)
  const underWay = new Map<string, Promise<boolean>>()
  const seconds = () => Math.floor(now() / 1000)
  const isFresh = (stored: StoredDocument | undefined) => (stored?.freshUntil ?? 0) > seconds()

  /** The same address asked for twice at a time is fetched once on a node. */
  function shared(key: string, fetch: () => Promise<boolean>): Promise<boolean> {
    const found = underWay.get(key)
    if (found) return found
    const begun = fetch().finally(() => underWay.delete(key))
    underWay.set(key, begun)
    return begun
  }

  async function checkName(name: string, host: string): Promise<void> {
    const shape = shapeOf(name)
    const listedHosts = policy.listed.map((entry) => URL.parse(entry)?.host ?? entry).filter((each) => each !== host)
    const ofListed = await rows.namesOf(listedHosts, MOST_NAMES)
    const taken = [...(await takenNames()), ...ofListed.map(({ name: each }) => each), ...listedHosts.map(knownPartOf)]
    if (taken.some((each) => shapeOf(each) === shape))
      throw new DocumentFault('client_name looks like that of another client or of the shop')
  }

  type Wish = {
    readonly url: URL
    readonly ip: string
    readonly trust: DocumentTrust
    readonly before: StoredDocument | undefined
  }

  async function refresh({ url, ip, trust, before }: Wish): Promise<boolean> {
    const beganAt = now()
    try {
      const { metadata, cacheSeconds } = await fetchDocument(url)
      if (trust === 'stranger') await checkName(metadata.client_name ?? url.host, url.host)
      const changed = changedMembers(before?.metadata, metadata)
      const digest = consentDigest(metadata)
      await rows.save(
        { clientId: url.href, host: url.host, metadata, digest, freshUntil: seconds() + cacheSeconds },
        seconds(),
      )
      if (changed.length > 0) await onChange(url.href)
      const reason = before ? `changed: ${changed.join(', ')}` : 'seen for the first time'
      if (changed.length > 0) note({ outcome: 'accepted', clientId: url.href, ip, reason })
      else note({ outcome: 'unchanged', clientId: url.href, ip })
      return true
    } catch (error) {
      if (!(error instanceof DocumentFault)) throw error
      note({ outcome: 'refused', clientId: url.href, ip, reason: error.message })
      const restMs = beganAt + refusalMs - now()
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, restMs)))
      return false
    }
  }

  return {
    isOn: policy.mode !== 'off',

    /** The last good document as a client, without a look at its address. Undefined where the policy lets it in no longer. */
    async find(clientId: string): Promise<Client | undefined> {
      const url = readClientIdUrl(clientId)
      const trust = url && trustOf(policy, url)
      const stored = trust && (await rows.find(clientId))
      if (!stored) return undefined
      const { host, digest, isBlocked } = stored
      const document = { host, digest, isListed: trust === 'listed' }
      return { metadata: { ...withCeilings(stored.metadata, trust), document }, isEnabled: !isBlocked, secrets: [] }
    },

    /**
     * Whether a sign-in may begin with the document at an address. Fetches it where the last good one is no longer fresh; one
     * that is gone, or that is no longer good, begins no sign-in, while those of before go on.
     */
    async admit(clientId: string, ip: string): Promise<boolean> {
      const url = readClientIdUrl(clientId)
      const said = (outcome: DocumentOutcome) => {
        note({ outcome, clientId, ip })
        return outcome === 'cached'
      }
      if (!url) return said('malformed')
      const trust = trustOf(policy, url)
      if (!trust) return said('unlisted')
      const before = await rows.find(clientId)
      if (before ? before.isBlocked : await rows.isBlocked(url)) return said('blocked')
      if (before && isFresh(before)) {
        if (before.lastUsedAt + NOTE_USE_EVERY_SECONDS < seconds()) await rows.noteUse(clientId, seconds())
        return said('cached')
      }
      return shared(clientId, async () => {
        // Another request may have fetched it since.
        if (isFresh(await rows.find(clientId))) return said('cached')
        const asked = { url, ip, isStranger: trust === 'stranger', isKnown: before?.consentedAt !== undefined }
        if (!(await mayFetch(asked))) return said('over-budget')
        return refresh({ url, ip, trust, before })
      })
    },

    /** What an operator would find at an address now; nothing is kept. */
    async check(clientId: string): Promise<CheckedDocument> {
      const url = readClientIdUrl(clientId)
      if (!url)
        return { isUsable: false, problem: 'it is no https address with a path, written as every program writes it' }
      const trust = trustOf(policy, url)
      if (!trust)
        return { isUsable: false, problem: 'CLIENT_METADATA_DOCUMENTS and CLIENT_METADATA_HOSTS do not let it in' }
      if (await rows.isBlocked(url)) return { isUsable: false, problem: 'an operator blocked it' }
      try {
        const { metadata } = await fetchDocument(url)
        const name = metadata.client_name ?? url.host
        if (trust === 'stranger') await checkName(name, url.host)
        return { isUsable: true, name, redirectUris: [...(metadata.redirect_uris ?? [])] }
      } catch (error) {
        if (!(error instanceof DocumentFault)) throw error
        return { isUsable: false, problem: error.message }
      }
    },

    /** Whether an id is for `admit` at all. */
    isAsked: (clientId: string): boolean => policy.mode !== 'off' && claimsToBeDocument(clientId),

    noteConsent: (clientId: string): Promise<void> => rows.noteConsent(clientId, seconds()),
  }
}

/** The members that are other than before; all of a new document. */
function changedMembers(before: object | undefined, after: object): string[] {
  const [old, fresh] = [new Map(Object.entries(before ?? {})), new Map(Object.entries(after))]
  const names = new Set([...old.keys(), ...fresh.keys()])
  return [...names].filter((name) => JSON.stringify(old.get(name)) !== JSON.stringify(fresh.get(name))).sort()
}
