import type { Access } from '../claims.ts'

const accesses = new WeakMap<object, Access>()

export function rememberAccess(request: object, access: Access): void {
  accesses.set(request, access)
}

/** Who calls, of a request that `protect` let through. @throws TypeError of another. */
export function accessOf(request: object): Access {
  const access = accesses.get(request)
  if (!access) throw new TypeError('protect has not seen this request')
  return access
}
