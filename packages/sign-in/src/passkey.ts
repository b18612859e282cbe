import { inBrowser } from './browser.ts'
import type { Step, StepAnswer } from './types.ts'

/** Has the browser answer the step `passkey`, for `onStep` to return (WebAuthn §5.1.10). */
export async function answerByPasskey({ options }: Step): Promise<StepAnswer> {
  const { navigator, PublicKeyCredential } = inBrowser()
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options)
  return { passkey: JSON.stringify(await navigator.credentials.get({ publicKey })) }
}
