import type { X509Certificate } from 'node:crypto'

/** Whether the certificate says of its holder what the client registered (RFC 8705 §2.1.2), and exactly that. */
export function matchesSubject(certificate: X509Certificate, property: string, expected: string): boolean {
  switch (property) {
    case 'tls_client_auth_subject_dn':
      return normalizeName(expected) === distinguishedName(certificate)
    case 'tls_client_auth_san_dns':
      return certificate.checkHost(expected, { subject: 'never', wildcards: false }) !== undefined
    case 'tls_client_auth_san_ip':
      return certificate.checkIP(expected) !== undefined
    case 'tls_client_auth_san_email':
      return certificate.checkEmail(expected, { subject: 'never' }) !== undefined
    case 'tls_client_auth_san_uri':
      return alternativeNames(certificate).includes(`URI:${expected}`)
    default:
      return false
  }
}

/** RFC 4514 writes the most specific part first, a line of Node's `subject` is a part from the other end. */
function distinguishedName({ subject }: X509Certificate): string {
  return normalizeName(subject.split('\n').reverse().join(','))
}

function normalizeName(name: string): string {
  return name
    .split(/(?<!\\),/)
    .map((part) => part.trim())
    .map((part) => part.replace(/^[^=]+(?==)/, (type) => type.trim().toUpperCase()).replace(/=\s+/, '='))
    .join(',')
}

/** Node quotes a name that could be taken for several; who needs such names is not known by them. */
function alternativeNames({ subjectAltName }: X509Certificate): string[] {
  return !subjectAltName || subjectAltName.includes('"') ? [] : subjectAltName.split(', ')
}
