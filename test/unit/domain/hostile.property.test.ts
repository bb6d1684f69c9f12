import { expect, test } from 'vitest'
import { patienceMs, shareOf, stories, tellAll } from './stories.js'

test(`the rules never bend in ${stories} stories full of attacks`, { timeout: patienceMs }, () => {
  const endings = tellAll({ leadingOn: 45, changing: 5 })
  expect(shareOf(endings, 'promoted')).toBeGreaterThan(0.05)
  expect(shareOf(endings, 'rejected')).toBeGreaterThan(0.01)
  expect(shareOf(endings, 'cancelled')).toBeGreaterThan(0.01)
})
