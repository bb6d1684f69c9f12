import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PolicyFile } from '../../src/schema/governance.js'
import { openHouse, people, type House } from './support/house.js'
import {
  eventCounts,
  perform,
  request,
  signOff,
  stateOf,
  until,
  untilEnded,
  waiting,
  soon,
} from './support/acting.js'

let house: House

function clocks(more: Partial<PolicyFile['clocks']>) {
  return (policy: PolicyFile) => {
    policy.clocks = { ...policy.clocks, ...more }
  }
}

function unreachable(policy: PolicyFile): void {
  policy.clocks.mendWithin = '1500 milliseconds'
  if (policy.checks.evaluation) policy.checks.evaluation.overall = { accuracy: { atLeast: 0.999 } }
}

beforeAll(async () => {
  house = await openHouse({
    labs: [
      { model: 'lab-undecided', policy: clocks({ decide: '1500 milliseconds' }) },
      { model: 'lab-unused', policy: clocks({ use: '2 seconds' }) },
      { model: 'lab-unmended', policy: unreachable },
      { model: 'lab-patient' },
      { model: 'lab-tampered' },
      { model: 'lab-gone' },
    ],
  })
}, 120_000)

afterAll(() => house?.close())

async function signBoth(asked: Awaited<ReturnType<typeof waiting>>) {
  await signOff(house, asked, 'model-risk', { person: people.ana })
  return signOff(house, asked, 'clinical-safety', { person: people.dev })
}

test('a deadline never approves: what nobody decided in time expires', async () => {
  const asked = await waiting(house, 'lab-undecided')
  await signOff(house, asked, 'model-risk', { person: people.ana })
  const state = await untilEnded(house, asked.promotion)
  expect(state).toMatchObject({ phase: 'expired', end: { code: 'EXPIRED' } })
  expect(await asked.handle.result()).toMatchObject({ phase: 'expired' })
  expect(await house.registry.alias('lab-undecided', 'production')).toBeNull()
})

test('a decision that could not be used in time expires, and nothing is moved afterwards', async () => {
  const asked = await waiting(house, 'lab-unused')
  house.registryFolder.goAway()
  expect(await signBoth(asked)).toMatchObject({ phase: 'promoting' })
  const state = await untilEnded(house, asked.promotion)
  house.registryFolder.comeBack()
  expect(state).toMatchObject({ phase: 'expired', end: { detail: 'the time to use ran out' } })
  expect(await asked.handle.result()).toMatchObject({ phase: 'expired' })
  expect(await house.registry.alias('lab-unused', 'production')).toBeNull()
})

test('a check that nobody mends in time ends it as failed', async () => {
  const asked = await request(house, { model: 'lab-unmended', version: '1', person: people.mira })
  await until(house, asked.promotion, ({ phase }) => phase === 'blocked')
  const state = await untilEnded(house, asked.promotion)
  expect(state).toMatchObject({ phase: 'failed', end: { code: 'CHECKS_FAILED' } })
  expect(await eventCounts(house, asked.promotion)).toMatchObject({ blocked: 1, failed: 1 })
})

test('an unreachable registry leaves it promoting, and it goes on by itself once that is back', async () => {
  const asked = await waiting(house, 'lab-patient')
  house.registryFolder.goAway()
  expect(await signBoth(asked)).toMatchObject({ phase: 'promoting' })
  await expect
    .poll(
      async () => (await asked.handle.describe()).raw.pendingActivities?.[0]?.attempt ?? 0,
      soon,
    )
    .toBeGreaterThan(1)
  expect((await stateOf(house, asked.promotion)).phase).toBe('promoting')
  house.registryFolder.comeBack()
  expect((await untilEnded(house, asked.promotion)).phase).toBe('promoted')
  expect(await house.registry.alias('lab-patient', 'production')).toBe('1')
})

test('bytes that changed in the registry after they were signed are never promoted', async () => {
  const asked = await waiting(house, 'lab-tampered')
  await signOff(house, asked, 'model-risk', { person: people.ana })
  house.registryFolder.tamper('lab-tampered', '1')
  await signOff(house, asked, 'clinical-safety', { person: people.dev })
  const state = await untilEnded(house, asked.promotion)
  expect(state).toMatchObject({ phase: 'failed', end: { code: 'BYTES_CHANGED' } })
  expect(await house.registry.alias('lab-tampered', 'production')).toBeNull()
})

test('the requester may give up while the registry is away', async () => {
  const asked = await waiting(house, 'lab-gone')
  house.registryFolder.goAway()
  await signBoth(asked)
  const answer = await perform(house, asked, 'cancel', {}, { person: people.mira })
  expect(answer).toMatchObject({ kind: 'accepted', phase: 'cancelled' })
  house.registryFolder.comeBack()
  expect(await asked.handle.result()).toMatchObject({ phase: 'cancelled' })
  expect(await house.registry.alias('lab-gone', 'production')).toBeNull()
})
