import { causeOf, codeOf, messageOf } from '../../thrown.ts'

/** What a look at one thing came to; of a bad one the detail says how to mend it. */
export type Finding = { readonly check: string; readonly isWell: boolean; readonly detail: string }

export function ok(check: string, detail: string): Finding {
  return { check, isWell: true, detail }
}

export function bad(check: string, detail: string): Finding {
  return { check, isWell: false, detail }
}

const TIMEOUT_MS = 3000

/** The answer, or in a word why there is none. */
export async function ask(
  url: string,
  headers: Readonly<Record<string, string>> = {},
  more: Pick<RequestInit, 'method' | 'body' | 'redirect'> = {},
): Promise<Response | string> {
  try {
    return await fetch(url, { ...more, headers, signal: AbortSignal.timeout(TIMEOUT_MS) })
  } catch (error) {
    return codeOf(causeOf(error)) ?? messageOf(error)
  }
}

const CERTIFICATE_FIXES: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'Its certificate has expired: renew it, and reload the program that serves it.',
  CERT_NOT_YET_VALID: 'Its certificate is not valid yet: check the clocks, or the certificate.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'Its certificate is for another name: correct the address, or the certificate.',
}

/** What to do when `ask` failed for the certificate at the other end; undefined for any other reason. */
export function certificateFix(reason: string): string | undefined {
  if (reason in CERTIFICATE_FIXES) return CERTIFICATE_FIXES[reason]
  if (!/SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)|CERT_UNTRUSTED/.test(reason)) return undefined
  return (
    'This machine does not trust its certificate: install one with its whole chain, or, where it is of your own ' +
    'authority, set NODE_EXTRA_CA_CERTS to the file with the certificate of that authority.'
  )
}
