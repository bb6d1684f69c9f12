import { expect, test } from 'vitest'
import { rulingFor } from '../../../activities/governance-in-force.js'
import { loadGovernance } from '../../../governance/load.js'

const examples = await loadGovernance('examples/governance')

test('a set without a policy for a model gives no ruling', () => {
  expect(() => rulingFor(examples.set, 'unheard-of', 'production')).toThrow('no policy covers')
})

test('the teams of the pinned seats keep their members when a new policy names others', () => {
  const { set } = examples
  const pinned = rulingFor(set, 'diabetes-risk', 'production').rules
  const policies = set.policies.map((policy) => ({
    ...policy,
    seats: policy.seats.map((seat) => ({ ...seat, teams: ['platform'] })),
  }))
  const { membership } = rulingFor({ ...set, policies }, 'diabetes-risk', 'production', pinned)
  expect(membership.teams['model-risk']).toContain('per_b04d6f31')
  expect(Object.keys(membership.teams)).toContain('platform')
})
