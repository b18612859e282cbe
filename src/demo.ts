import { createAgentDirectory } from './agents/directory.ts'
import type { ClientMetadata } from './clients/client.ts'
import { DIALECT_GRANT_TYPES } from './clients/presets.ts'
import type { ClientRegistry } from './clients/registry.ts'
import type { ResourceServer, ResourceServerRegistry } from './clients/resource-servers.ts'
import type { Passwords } from './credentials/passwords.ts'
import { type ImportRecordInput, importRecord } from './customers/import/import-record.ts'
import { upsertCustomers, type WriteOutcome } from './customers/import/write-customers.ts'
import { createRegistrationKeys } from './customers/recovery/registration-keys.ts'
import type { Database } from './database/database.ts'

type DemoDeps = {
  readonly database: Pick<Database, 'knex'>
  readonly clients: ClientRegistry
  readonly resourceServers: ResourceServerRegistry
  readonly passwords: Passwords
}

/** Fills a new installation with a small shop, so that every endpoint can be tried at once. Never for production. */
export async function loadDemo({ database, clients, resourceServers, passwords }: DemoDeps): Promise<void> {
  for (const server of demoResourceServers) await resourceServers.save(server)
  // The demo's own clients.
  for (const { secret, ...metadata } of demoClients) await clients.save(metadata as ClientMetadata, secret)
  const records = await Promise.all(
    demoCustomers.map(async ({ plainPassword, ...customer }) =>
      importRecord.parse({ ...customer, password: await passwords.hash(plainPassword) }),
    ),
  )
  const outcomes = await upsertCustomers(database.knex, records)
  const refused = outcomes.find((outcome) => outcome.outcome === 'refused')
  if (refused) throw new Error(`the demo data does not fit this database: ${refused.reason}`)
  await createAgentDirectory(database).create({ ...demoAgent, password: await passwords.hash(AGENT_PASSWORD) })
  await issueDemoKey(database, outcomes)
}

/** Confirms the address of unconfirmed@example.com, once. */
const DEMO_REGISTRATION_KEY = 'demo-registration-key'

async function issueDemoKey({ knex }: DemoDeps['database'], outcomes: readonly WriteOutcome[]): Promise<void> {
  const outcome = outcomes[demoCustomers.findIndex(({ emailVerified }) => emailVerified === false)]
  if (outcome === undefined || outcome.outcome === 'refused') return
  await createRegistrationKeys({ knex }).issue(outcome.id, { key: DEMO_REGISTRATION_KEY })
}

const AGENT_PASSWORD = 'change123'
const demoAgent = { email: 'agent@example.com', name: 'Alex Agent', idAgent: 1 }

const demoResourceServers: readonly ResourceServer[] = [
  {
    identifier: 'urn:vestibule:commerce',
    scopes: ['orders:read', 'orders:write', 'carts:read', 'carts:write', 'catalog:read'],
    hasMachineTokens: true,
    format: 'jwt',
    algorithm: 'ES256',
  },
  {
    identifier: 'urn:vestibule:warehouse',
    scopes: ['stock:read', 'stock:write'],
    hasMachineTokens: true,
    format: 'opaque',
  },
]

const demoClients: readonly (ClientMetadata & { secret?: string })[] = [
  {
    client_id: 'frontend',
    client_name: 'Demo storefront',
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    first_party: true,
    grant_types: ['authorization_code', ...DIALECT_GRANT_TYPES],
    response_types: ['code'],
    redirect_uris: ['http://localhost:8080/callback', 'http://127.0.0.1:8080/callback'],
    post_logout_redirect_uris: ['http://localhost:8080/', 'http://127.0.0.1:8080/'],
    default_scope: 'customer company',
  },
  {
    client_id: 'third-party-app',
    client_name: 'Third-party app',
    secret: 'third-party-app-secret',
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: [
      'authorization_code',
      'refresh_token',
      'password',
      'client_credentials',
      'urn:vestibule:grant:anonymous',
    ],
    response_types: ['code'],
    redirect_uris: ['http://localhost:8080/callback'],
    post_logout_redirect_uris: ['http://localhost:8080/'],
    default_scope: 'customer',
    resource_scopes: [
      'orders:*',
      'carts:*',
      'catalog:*',
      'store:*',
      'manage_my_*',
      'view_*',
      'create_anonymous_token:*',
    ],
  },
  {
    client_id: 'orders-service',
    client_name: 'Orders service',
    secret: 'orders-service-secret',
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: ['client_credentials', 'urn:ietf:params:oauth:grant-type:token-exchange'],
    introspects: ['urn:vestibule:commerce', 'urn:vestibule:warehouse', 'urn:vestibule:dialect:*'],
    exchange_targets: ['urn:vestibule:commerce', 'urn:vestibule:warehouse'],
    resource_scopes: ['orders:*', 'stock:*'],
  },
  {
    client_id: 'device-app',
    client_name: 'Shop on TV',
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
    default_scope: 'customer',
    resource_scopes: ['orders:read', 'catalog:read'],
  },
]

const carts = [53, 52, 51, 50, 49, 28, 27, 25, 24, 23, 22, 21]
const shoppingLists = { 0: 1, 2: 2, 3: 3 }

const demoCustomers: readonly (Omit<ImportRecordInput, 'password'> & { plainPassword: string })[] = [
  {
    email: 'sonia@spryker.com',
    plainPassword: 'change123',
    customerReference: 'DE--21',
    idCustomer: 21,
    givenName: 'Sonia',
    familyName: 'Wagner',
    locale: 'de-DE',
    emailVerified: true,
    companyUsers: [
      {
        id: 'ebf4b55a-cab0-5ed0-8fb7-525a3eeedeac',
        company: { id: '0818f408-cc84-575d-ad54-92118a0e4273', name: 'Test Company' },
        isActive: true,
        isDefault: true,
        roles: [
          {
            name: 'Buyer',
            permissions: [
              {
                idPermission: 1,
                key: 'ReadSharedCartPermissionPlugin',
                configuration: { id_quote_collection: carts },
                configurationSignature: '[]',
              },
              {
                idPermission: 2,
                key: 'WriteSharedCartPermissionPlugin',
                configuration: { id_quote_collection: carts },
                configurationSignature: '[]',
              },
              {
                key: 'ReadShoppingListPermissionPlugin',
                configuration: { id_shopping_list_collection: shoppingLists },
                configurationSignature: [],
              },
              {
                key: 'WriteShoppingListPermissionPlugin',
                configuration: { id_shopping_list_collection: shoppingLists },
                configurationSignature: [],
              },
            ],
          },
        ],
      },
    ],
  },
  {
    id: '79cc0486-bbdf-491b-a0a2-722383b6288b',
    email: 'ron@swanson.com',
    plainPassword: 'mysecretpassword',
    customerReference: 'DE--22',
    idCustomer: 22,
    givenName: 'Ron',
    familyName: 'Swanson',
    locale: 'en-US',
    emailVerified: true,
  },
  {
    email: 'test@meetanshi.com',
    plainPassword: 'Meet@123',
    customerReference: 'DE--23',
    idCustomer: 23,
    givenName: 'Test',
    familyName: 'Buyer',
    locale: 'en-US',
    emailVerified: true,
    companyUsers: ['Northern Hardware', 'Southern Supplies'].map((name, index) => ({
      id: `7c1f0a2e-5b0d-4c43-9d7e-00000000000${index + 1}`,
      company: { id: `51c6e3c4-8c0b-4f4e-8a53-00000000000${index + 1}`, name },
      isActive: true,
      isDefault: false,
      roles: [
        {
          name: 'Buyer',
          permissions: [{ key: 'AddCartItemPermissionPlugin', configuration: [], configurationSignature: [] }],
        },
      ],
    })),
  },
  {
    email: 'unconfirmed@example.com',
    plainPassword: 'change123',
    customerReference: 'DE--24',
    idCustomer: 24,
    emailVerified: false,
  },
]

/** Secrets of the demo; they are public, because they are in this file. */
export const publicSecrets = {
  clients: demoClients.flatMap(({ client_id: clientId, secret }) => (secret ? [{ clientId, secret }] : [])),
  customers: demoCustomers.map(({ email, plainPassword }) => ({ email, password: plainPassword })),
  agents: [{ email: demoAgent.email, password: AGENT_PASSWORD }],
}
