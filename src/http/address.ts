import { BlockList, isIP, isIPv4 } from 'node:net'

/** Addresses and ranges in CIDR notation. */
export type Networks = {
  /** `address` as `toAddress` gives it. */
  has(address: string): boolean
}

/**
 * One spelling for each IP address: IPv6 in its shortest form and small letters, IPv4 in its IPv6 form
 * (`::ffff:127.0.0.1`) as IPv4, without port, brackets, quotes and zone (RFC 7239 §6). Undefined for anything else, such
 * as `unknown`.
 */
export function toAddress(text: string): string | undefined {
  const bare = text.trim().replace(/^"([^"]*)"$/, '$1')
  const [, bracketed] = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(bare) ?? []
  const [, beforePort] = /^(\d+\.\d+\.\d+\.\d+):\d{1,5}$/.exec(bare) ?? []
  const [address = ''] = (bracketed ?? beforePort ?? bare).split('%', 1)
  if (isIPv4(address)) return bracketed === undefined ? address : undefined
  return isIP(address) === 6 ? shortest(address) : undefined
}

/** Takes what `TRUSTED_PROXIES` may hold. */
export function createNetworks(networks: readonly string[]): Networks {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', prefix] = network.split('/')
    const family = isIPv4(address) ? 'ipv4' : 'ipv6'
    list.addSubnet(address, prefix === undefined ? (family === 'ipv4' ? 32 : 128) : Number(prefix), family)
  }
  return { has: (address) => address !== '' && list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6') }
}

function shortest(address: string): string {
  const short = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short) ?? []
  if (high === undefined || low === undefined) return short
  const [left, right] = [Number.parseInt(high, 16), Number.parseInt(low, 16)]
  return [left >> 8, left & 255, right >> 8, right & 255].join('.')
}
