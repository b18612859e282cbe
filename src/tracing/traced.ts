import type { Attributes, Tracing } from './tracing.ts'

export type TracedOptions<Port> = {
  readonly name: string
  readonly methods: readonly (keyof Port & string)[]
  readonly describe?: (method: keyof Port & string, args: readonly unknown[]) => Attributes
}

/** The same port, of which each call of one of `methods` is a span of the request under way: `storage.get`. */
export function traced<Port extends object>(
  tracing: Tracing,
  port: Port,
  { name, methods, describe = () => ({}) }: TracedOptions<Port>,
): Port {
  const wrapped = methods.map((method) => {
    // A name that is no function of the port is a mistake in the lines above.
    const call = port[method] as (...args: unknown[]) => unknown
    return [
      method,
      (...args: unknown[]) => tracing.within(`${name}.${method}`, describe(method, args), () => call.apply(port, args)),
    ]
  })
  return { ...port, ...Object.fromEntries(wrapped) }
}
