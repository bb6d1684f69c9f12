import { describe, expect, test } from 'vitest'
import { blockedBy } from '../../../src/domain/blocked-by.js'
import {
  checking,
  clause,
  createWorld,
  failedScan,
  membership,
  passed,
  people,
  promoting,
  report,
  rules,
  seat,
  start,
  type World,
} from './support.js'

function opened(): World {
  const world = createWorld()
  world.open()
  return world
}

const onlyEvaluation = rules({ checks: [clause('evaluation')] })

function evaluated(
  outcome: 'inconclusive' | 'error',
  more: Parameters<typeof rules>[0] = {},
): World {
  const world = checking({ rules: { ...onlyEvaluation, ...more } })
  world.check(report('evaluation', { outcome }))
  return world
}

function failed(): World {
  const world = checking({ rules: rules({ checks: [clause('scan')] }) })
  world.check(failedScan())
  return world
}

describe('what keeps a promotion waiting', () => {
  const cases: readonly (readonly [string, () => World, string, readonly string[], RegExp])[] = [
    ['the snapshot', opened, 'the bytes are being copied and hashed', ['countersign'], /wait/],
    ['a failed check', failed, 'check scan is failed: scan failed', ['requester'], /waiver/],
    [
      'a check in error',
      () => evaluated('error'),
      'check evaluation is error: evaluation error',
      ['requester'],
      /rerun/,
    ],
    [
      'an inconclusive check',
      () => evaluated('inconclusive'),
      'check evaluation is inconclusive: evaluation inconclusive',
      ['risk'],
      /accepts/,
    ],
    [
      'an inconclusive check that nobody may accept',
      () => evaluated('inconclusive', { waivers: null }),
      'check evaluation is inconclusive: evaluation inconclusive',
      ['requester'],
      /settles/,
    ],
    ['the release', promoting, 'the alias is about to be moved', ['countersign'], /registry/],
  ]
  test.each(cases)('is named: %s', (_, make, condition, who, remedy) => {
    expect(blockedBy(make().state(), start)).toEqual([
      { condition, who, since: start, remedy: expect.stringMatching(remedy) },
    ])
  })

  test('is every check that runs', () => {
    expect(blockedBy(checking().state(), start).map(({ condition }) => condition)).toEqual([
      'check scan is running',
      'check evaluation is running',
    ])
  })

  test('is every seat, with how many sign-offs it still needs, and the command that gives one', () => {
    const seats = [
      seat('risk', { quorum: 2 }),
      seat('joint', { teams: ['risk', 'safety'], teamsNeeded: 'all' }),
    ]
    const world = passed({ rules: rules({ seats }) })
    expect(blockedBy(world.state(), start)).toMatchObject([
      { condition: 'seat risk waits for 2 sign-offs', who: ['risk'] },
      { condition: 'seat joint waits for a sign-off', who: ['risk'] },
      { condition: 'seat joint waits for a sign-off', who: ['safety'] },
    ])
    expect(blockedBy(world.state(), start)[0]?.remedy).toContain('--seat risk')
  })

  test('is nothing before the request and after the end', () => {
    const world = promoting()
    world.cancel(people.owner)
    expect(blockedBy(world.state(), start)).toEqual([])
    expect(blockedBy(createWorld().state(), start)).toEqual([])
  })

  test('never names a person', () => {
    const world = passed({ membership: membership() })
    world.sign('risk', people.rita)
    expect(JSON.stringify(blockedBy(world.state(), start))).not.toMatch(/per_/)
  })
})
