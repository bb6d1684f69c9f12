import { expect, test } from 'vitest'
import { patienceMs, shareOf, stories, tellAll } from './stories.js'

test(
  `the rules never bend in ${stories} stories that mostly lead on`,
  { timeout: patienceMs },
  () => {
    const endings = tellAll({ leadingOn: 82, changing: 3 })
    expect(shareOf(endings, 'promoted')).toBeGreaterThan(0.25)
    expect(shareOf(endings, 'failed')).toBeGreaterThan(0.05)
    expect(shareOf(endings, 'expired')).toBeGreaterThan(0.01)
  },
)
