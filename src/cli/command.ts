/** One of the things `vestibule` can be told to do. */
export type Command = {
  readonly name: string
  readonly summary: string
  readonly help: string
  /** @returns the exit code; a server keeps running after it. */
  run(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number>
}
