import { expect, test } from 'vitest'
import { LOGO_LIMIT_KIB } from '../../src/interaction/brand/logo.ts'
import { SAMPLES } from '../../src/interaction/preview/samples.ts'
import { pageSizes } from '../browser/page-sizes.ts'
import { writePreview } from '../browser/preview-pages.ts'

const KIB = 1024

test.each(['en', 'ar'])('no page in %s is above 50 KiB with all that it loads, uncompressed', async (language) => {
  const sizes = pageSizes(await writePreview(language))
  expect(sizes).toHaveLength(SAMPLES.length)
  for (const { style, icon } of sizes) expect(Math.min(style, icon)).toBeGreaterThan(0)
  expect(sizes.filter(({ total }) => total + LOGO_LIMIT_KIB * KIB > 50 * KIB)).toEqual([])
})
