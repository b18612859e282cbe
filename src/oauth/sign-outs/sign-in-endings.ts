import type { SignInEnded } from '../../sign-in-endings/sign-in-ended.ts'

export type SignInEndedListener = (event: SignInEnded) => void | Promise<void>

export type SignInEndings = ReturnType<typeof createSignInEndings>

/**
 * The one place where endings of sign-ins are told. A listener is told after the ending took effect and before the
 * caller gets an answer; its failure reaches the caller and undoes nothing.
 */
export function createSignInEndings() {
  const listeners: SignInEndedListener[] = []
  return {
    onSignInEnded(listener: SignInEndedListener): void {
      listeners.push(listener)
    },
    async publishSignInEnded(event: SignInEnded): Promise<void> {
      await Promise.all(listeners.map((listener) => listener(event)))
    },
  }
}
