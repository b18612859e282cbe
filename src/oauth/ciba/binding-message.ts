import { isPlain } from '../../plain-text.ts'

const LONGEST = 64

/** Why a binding message is refused (CIBA Core §7.1): pages show it as it is, so it is one short line that tells no lies by its direction. */
export function bindingMessageFault(message: string | undefined): string | undefined {
  if (message === undefined) return undefined
  if (message.trim() === '' || [...message].length > LONGEST)
    return `binding_message must have 1 to ${LONGEST} characters`
  return isPlain(message) ? undefined : 'binding_message must be one line without control or direction characters'
}
