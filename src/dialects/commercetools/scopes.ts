/** Rights over the customer's own data and public data: those that a storefront asks for. */
const STOREFRONT = [
  'create_anonymous_token',
  'manage_my_business_units',
  'manage_my_orders',
  'manage_my_payments',
  'manage_my_profile',
  'manage_my_quote_requests',
  'manage_my_quotes',
  'manage_my_shopping_lists',
  'view_categories',
  'view_published_products',
]

/** The shop names scopes by project: `manage_my_profile:shop`. */
export function storefrontScopes(projectKeys: readonly string[]): string[] {
  return projectKeys.flatMap((key) => STOREFRONT.map((name) => `${name}:${key}`))
}

/** Rights over every customer, for services of the shop: given when asked for by name, and to no person. */
export function serviceScopes(projectKeys: readonly string[]): string[] {
  return projectKeys.map((key) => `manage_customers:${key}`)
}

/** The scopes of one project among those asked for; all of the project's when none was named, as the shop does. */
export function scopesOf(projectKey: string, asked: string | undefined): string {
  const known = storefrontScopes([projectKey])
  if (!asked?.trim()) return known.join(' ')
  return asked
    .split(/\s+/)
    .filter((scope) => known.includes(scope))
    .join(' ')
}
