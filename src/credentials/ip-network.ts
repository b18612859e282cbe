import { isIPv6 } from 'node:net'

/**
 * The network that counts as one address: an IPv4 address itself, the /64 of an IPv6 address, because a household
 * or a rented server has a whole /64 to rotate through.
 */
export function networkOf(ip: string): string {
  const address = ip.split('%', 1)[0]?.toLowerCase() ?? ''
  if (!isIPv6(address)) return address
  const mapped = /^(?:::|(?:0+:){5})ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1]
  return mapped ?? `${groupsOf(address).slice(0, 4).join(':')}::/64`
}

/** Without a declared proxy this address stands for all visitors behind one that was not declared: it must not be blocked. */
export function isLoopback(ip: string): boolean {
  return networkOf(ip) === '127.0.0.1' || ip.split('%', 1)[0] === '::1'
}

function groupsOf(address: string): string[] {
  const [head = '', tail] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail ? tail.split(':') : []
  const missing = tail === undefined ? 0 : 8 - left.length - right.length
  return [...left, ...Array<string>(Math.max(missing, 0)).fill('0'), ...right].map((group) =>
    Number.parseInt(group, 16).toString(16),
  )
}
