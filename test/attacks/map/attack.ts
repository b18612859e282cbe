/** A kind of attack and what holds against it. Each file of this folder that lists some exports them as `attacks`. */
export type Attack = {
  /** A short name in kebab-case, unique over all files: the page has it as a heading. */
  readonly id: string
  /** What the attacker does, in one short plain sentence. */
  readonly kind: string
  /** Where the public speaks of it: a clause of an RFC, a CWE, a CVE. */
  readonly reference?: string
  /** What of it, or all of it, has no test, and why: mostly because there is nothing here to attack. */
  readonly untested?: string
  /** `test/folder/file.test.ts › name of the test, or of the group, as it is written there`. */
  readonly tests: readonly string[]
}
