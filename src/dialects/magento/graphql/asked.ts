import type { DialectRequest } from '../../dialect.ts'
import type { DialectServices } from '../../services.ts'
import type { Shop } from '../shop.ts'

/** What the fields of one request are answered with. */
export type Asked = { readonly request: DialectRequest; readonly services: DialectServices; readonly shop: Shop }
