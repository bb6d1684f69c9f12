import { expect, test } from 'vitest'
import { audit } from '../../../src/domain/audit.js'
import { releaseFault } from '../../../src/domain/release.js'
import {
  checking,
  clause,
  createWorld,
  day,
  failedScan,
  passed,
  people,
  promoting,
  rules,
  start,
  type World,
} from './support.js'

function waived(): World {
  const world = checking({ rules: rules({ checks: [clause('scan')] }) })
  world.check(failedScan())
  world.waive(people.rita)
  world.sign('risk', people.rob)
  world.sign('safety', people.sue)
  return world
}

test.each([
  ['while nothing is requested', createWorld, start, 'the promotion is none'],
  ['while owners are asked', passed, start, 'the promotion is awaiting-sign-off'],
  ['once the time to use the decision is over', promoting, start + 2 * day, /time to use/],
  ['once a waiver that carried it has ended', waived, start + day, /no longer carry/],
])('no alias moves %s', (_, make, at, why) => {
  const world = make()
  expect(releaseFault(world.state(), at)).toMatch(why)
  world.now = at
  world.releaseStarts()
  expect(audit(world.events)).toMatchObject({ kind: 'unsound', detail: expect.stringMatching(why) })
})

test('an alias moves for a promotion that is approved, and a release that was cut off may begin again', () => {
  const world = waived()
  expect(releaseFault(world.state(), start + day - 1)).toBeNull()
  world.releaseStarts()
  world.now = start + 3 * day
  expect(releaseFault(world.state(), world.now)).toBeNull()
  world.releaseStarts(2)
  world.releaseStops(2)
  expect(audit(world.events)).toMatchObject({ kind: 'sound', state: { releaseAttempts: 2 } })
})

test('what was not begun cannot stop', () => {
  const world = promoting()
  world.releaseStops()
  expect(audit(world.events)).toMatchObject({ kind: 'unsound' })
})
