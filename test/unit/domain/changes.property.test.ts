import { expect, test } from 'vitest'
import { patienceMs, shareOf, stories, tellAll } from './stories.js'

test(
  `the rules never bend in ${stories} stories whose rules, people and champions change`,
  {
    timeout: patienceMs,
  },
  () => {
    const endings = tellAll({ leadingOn: 62, changing: 22 })
    expect(shareOf(endings, 'promoted')).toBeGreaterThan(0.05)
  },
)
