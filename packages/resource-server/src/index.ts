export type { PublishedMetadata, ResourceMetadata } from './answers/resource-metadata.ts'
export type { Answer, ErrorStyle, ErrorStyleName, StyledRefusal } from './answers/style.ts'
export type { DpopOptions, ReplayStore, UsedProof } from './binding/dpop-options.ts'
export type { MtlsOptions } from './binding/mtls.ts'
export type { Access, Claims, Permission } from './claims.ts'
export type { Emit, EventName, ResourceServerEvent } from './events.ts'
export type { FetchRequest, NodeRequest } from './incoming.ts'
export {
  createMandateSpending,
  type HoldAnswer,
  type MandateSpending,
  type MandateSpendingOptions,
  mandatesOf,
  type Order,
  type PurchaseMandate,
} from './mandates.ts'
export type {
  Algorithm,
  IntrospectionOptions,
  KeyOptions,
  ResourceServerOptions,
  RevocationOptions,
  StatusListOptions,
  WhenUnreachable,
} from './options.ts'
export { AccessRefused, type RefusalCode, type RefusalDetails } from './refused.ts'
export {
  type Admission,
  createResourceServer,
  type Needs,
  type ResourceServer,
  type ServerState,
} from './resource-server.ts'
export type { FeedState } from './revocations/feed.ts'
export {
  type Acr,
  type Rule,
  refuseAgents,
  requireCompanyUser,
  requireCustomer,
  requirePermission,
  requireScope,
  requireSignIn,
} from './rules.ts'
