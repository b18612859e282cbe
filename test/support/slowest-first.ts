import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Where files start processes and browsers: minutes of work in few lines. */
const SLOW_FOLDERS = /\/test\/(process|browser|restore|attacks|conformance)\//

/**
 * The slow files first, so that no worker comes to one when the others are through. Vitest knows how long each file
 * took the last time; in a fresh checkout it goes by size, which says little about these.
 */
export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isSlow = ({ moduleId }: TestSpecification) => SLOW_FOLDERS.test(moduleId)
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))]
  }
}
