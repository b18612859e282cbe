const PATTERN = /^(postgres(?:ql)?:\/\/(?:[^@/?]*@)?)([^/?]*)(.*)$/

/**
 * One URL for each host of a DATABASE_URL that names several, as libpq takes them:
 * `postgres://user@first:5432,second:5432/shop`. The one that takes writes is used, whichever it is at the time.
 */
export function urlsOfHosts(url: string): string[] {
  const [, before = '', hosts = '', after = ''] = PATTERN.exec(url) ?? []
  const names = hosts.split(',').filter(Boolean)
  return names.length > 1 ? names.map((host) => `${before}${host}${after}`) : [url]
}

/** The address for messages, without credentials and parameters. */
export function withoutCredentials(url: string): string {
  const [, before = '', hosts, after = ''] = PATTERN.exec(url) ?? []
  if (!hosts) return 'the given address, which is not a URL'
  return `${before.replace(/\/\/.*/, '//')}${hosts}${after.replace(/\?.*/, '')}`
}
