import type { ResourceServer } from '../clients/resource-servers.ts'

/**
 * Members of a resource server whose services ask who somebody is, and not what an app was allowed: a token for it is good for
 * all that the person may do. Software of others gets none, whatever the person agrees to.
 */
export function keptForShop(ownClient: string): Pick<ResourceServer, 'is_offered' | 'ownClient'> {
  return { is_offered: false, ownClient }
}
