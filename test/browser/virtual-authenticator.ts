import type { CDPSession, Page } from 'playwright-core'

/** What a platform authenticator does on this page: Chromium's own, by its DevTools protocol. */
export type VirtualAuthenticator = {
  /** Whether it answers by itself, as if the person touched it each time. */
  answersByItself(isOn: boolean): Promise<void>
  /** Whether the fingerprint is the right one. */
  verifies(isOn: boolean): Promise<void>
  /** Bends what it answers from now on. */
  bends(bits: {
    readonly isBogusSignature?: boolean
    readonly isBadUV?: boolean
    readonly isBadUP?: boolean
  }): Promise<void>
  credentials(): Promise<
    readonly { readonly credentialId: string; readonly userHandle?: string; readonly userName?: string }[]
  >
  /** Ids of passkeys that the browser hid because a page said that they are unknown, or no longer among all. */
  readonly deleted: readonly string[]
}

/** An authenticator of the device, with synced passkeys and a person who is there. It lives as long as the page. */
export async function addVirtualAuthenticator(page: Page): Promise<VirtualAuthenticator> {
  const cdp: CDPSession = await page.context().newCDPSession(page)
  await cdp.send('WebAuthn.enable', { enableUI: false })
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
      defaultBackupEligibility: true,
      defaultBackupState: true,
    },
  })
  const deleted: string[] = []
  cdp.on('WebAuthn.credentialDeleted', ({ credentialId }) => void deleted.push(credentialId))
  return {
    deleted,
    answersByItself: async (enabled) => {
      await cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled })
    },
    verifies: async (isUserVerified) => {
      await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified })
    },
    bends: async (bits) => {
      await cdp.send('WebAuthn.setResponseOverrideBits', { authenticatorId, ...bits })
    },
    credentials: async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
  }
}
