import { describe, expect, test } from 'vitest'
import { blockedBy } from '../../../src/domain/blocked-by.js'
import { decisionDigests, decisionSlice } from '../../../src/domain/decision.js'
import { fold } from '../../../src/domain/evolve.js'
import { createWorld, gist, passed, people, sha, start, type World } from './support.js'

/** A world whose stream ends before the last event of its last command. */
function cutOff(world: World): World {
  return createWorld(fold(world.events.slice(0, -1)))
}

describe('a stream that was cut off between the events of one command', () => {
  test('waits for what comes next all the same, and goes on with the next clock', () => {
    const world = cutOff(passed())
    expect(blockedBy(world.state(), start)).toHaveLength(2)
    expect(gist(world.tick())).toEqual(['sign-off-asked'])
  })

  test('takes no sign-off over results that are not there', () => {
    const whole = passed()
    const digest = whole.digestOf('risk')
    whole.rerun(people.owner, 'scan')
    const world = cutOff(whole)
    expect(world.state().phase).toBe('awaiting-sign-off')
    expect(world.sign('risk', people.rita, { digest })).toMatchObject({
      code: 'DIGEST_OUT_OF_DATE',
      detail: expect.stringContaining('not known'),
      changes: [],
    })
  })
})

describe('a decision digest', () => {
  test('is there for every seat once its checks have results, and not before', () => {
    const world = createWorld()
    world.open()
    expect(decisionDigests(world.state(), start).size).toBe(0)
    world.snapshotted()
    expect(decisionDigests(world.state(), start).size).toBe(0)
    expect([...decisionDigests(passed().state(), start).keys()]).toEqual(['risk', 'safety'])
  })

  test('is not there for a seat that nobody asks for', () => {
    expect(decisionSlice(passed().state(), 'nobody', start)).toBeNull()
    expect(passed().digestOf('nobody')).toBe(sha('no such decision'))
  })
})
