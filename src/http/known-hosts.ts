import { isIP } from 'node:net'

/**
 * Whether a Host header names this server: an IP address, a loopback name, or one of `names` in small letters. A page of
 * another site can point a name of its own at this machine (DNS rebinding), never an address. Browsers always send one.
 */
export function isKnownHost(host: string, names: ReadonlySet<string>): boolean {
  const name = host.trim().toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '')
  if (name === '' || isIP(name.replace(/^\[(.*)\]$/, '$1')) > 0) return true
  return name === 'localhost' || name.endsWith('.localhost') || names.has(name)
}
