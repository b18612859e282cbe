/**
 * True for a name that can be one part of an address. Clients take `.` and `..` out of a path before they send it, however they
 * are encoded: what is called so could be made, and never be found, ended or removed again.
 */
export function isAddressSegment(name: string): boolean {
  return name !== '.' && name !== '..'
}

/** What is wrong with a name that is none. */
export const NO_ADDRESS_SEGMENT = 'must not be "." or "..": no address can name it'
