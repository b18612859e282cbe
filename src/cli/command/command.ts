/** One of the things `vestibule` can be told to do. */
export type Command = {
  readonly name: string
  readonly summary: string
  readonly help: string
  /**
   * Loads the server's modules, if it needs any, by itself: the other commands should not wait for them.
   *
   * @returns the exit code; a server keeps running after it.
   */
  run(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number>
}
