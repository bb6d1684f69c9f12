import { afterAll, beforeAll, expect, test } from 'vitest'
import { openHouse, people, type House } from './support/house.js'
import type { Draft } from './support/governance.js'
import {
  eventCounts,
  signOff,
  stateOf,
  until,
  untilEnded,
  waiting,
  type Asked,
  soon,
} from './support/acting.js'

let house: House

beforeAll(async () => {
  const models = ['stricter', 'later', 'leaver', 'broken', 'held', 'uncovered', 'lost', 'champion']
  house = await openHouse({
    labs: [
      ...models.map((name) => ({ model: `lab-${name}` })),
      {
        model: 'lab-compared',
        policy: ({ checks }) => {
          if (checks.evaluation) checks.evaluation.comparesChampion = true
        },
      },
    ],
  })
}, 120_000)

afterAll(() => house?.close())

/** The set with one more seat for a model, to be filled by operations. */
function withPlatformSeat(model: string) {
  return ({ policies, owners }: Draft) => {
    policies[model]?.seats.push({
      id: 'operations',
      teams: ['platform'],
      teamsNeeded: 'any',
      quorum: 1,
      level: 'authenticated',
    })
    owners.people.find(({ id }) => id === people.gus)?.scopes.push('sign')
  }
}

function withoutPolicy(model: string) {
  return ({ policies }: Draft) => {
    delete policies[model]
  }
}

async function signBoth(asked: Asked) {
  await signOff(house, asked, 'model-risk', { person: people.ana })
  return signOff(house, asked, 'clinical-safety', { person: people.dev })
}

/** Signs both seats while nobody can reach the registry, so that the release has to wait. */
async function heldAtRelease(model: string) {
  const asked = await waiting(house, model)
  house.registryFolder.goAway()
  expect(await signBoth(asked)).toMatchObject({ phase: 'promoting' })
  return asked
}

test('a stricter set between check and sign-off holds as well: its new seat must be filled', async () => {
  const asked = await waiting(house, 'lab-stricter')
  house.governanceFolder.govern(withPlatformSeat('lab-stricter'))
  expect(await signBoth(asked)).toMatchObject({ kind: 'accepted', phase: 'awaiting-sign-off' })
  expect(await house.registry.alias('lab-stricter', 'production')).toBeNull()
  expect(await signOff(house, asked, 'operations', { person: people.gus })).toMatchObject({
    phase: 'promoting',
  })
  expect((await untilEnded(house, asked.promotion)).phase).toBe('promoted')
  expect(await eventCounts(house, asked.promotion)).toMatchObject({
    'governance-observed': 1,
    'signed-off': 3,
  })
})

test('a stricter set between sign-off and release stops the release until it is satisfied', async () => {
  const asked = await heldAtRelease('lab-later')
  house.governanceFolder.govern(withPlatformSeat('lab-later'))
  house.registryFolder.comeBack()
  const state = await until(house, asked.promotion, ({ phase }) => phase === 'awaiting-sign-off')
  expect(state.signOffs.map(({ person }) => person)).toEqual([people.ana, people.dev])
  expect(await house.registry.alias('lab-later', 'production')).toBeNull()
  await signOff(house, asked, 'operations', { person: people.gus })
  expect((await untilEnded(house, asked.promotion)).phase).toBe('promoted')
})

test('somebody who leaves a team takes their own sign-off with them, and nobody else’s', async () => {
  const asked = await waiting(house, 'lab-leaver')
  await signOff(house, asked, 'model-risk', { person: people.ana })
  house.governanceFolder.govern(({ owners }) => {
    const team = owners.teams.find(({ id }) => id === 'model-risk')
    if (team) team.members = [people.chi]
  })
  expect(await signOff(house, asked, 'clinical-safety', { person: people.dev })).toMatchObject({
    kind: 'accepted',
    phase: 'awaiting-sign-off',
  })
  const state = await stateOf(house, asked.promotion)
  expect(state.signOffs.map(({ person }) => person)).toEqual([people.dev])
  expect(await signOff(house, asked, 'model-risk', { person: people.ana })).toMatchObject({
    kind: 'refused',
    code: 'NOT_ELIGIBLE',
  })
  await signOff(house, asked, 'model-risk', { person: people.chi })
  expect((await untilEnded(house, asked.promotion)).phase).toBe('promoted')
  expect((await eventCounts(house, asked.promotion))['sign-off-voided']).toBe(1)
})

test('under a set that is not valid nobody may act, and once it is mended they may again', async () => {
  const asked = await waiting(house, 'lab-broken')
  house.governanceFolder.breakGovernance()
  expect(await signOff(house, asked, 'model-risk', { person: people.ana })).toMatchObject({
    kind: 'refused',
    code: 'GOVERNANCE_INVALID',
  })
  house.governanceFolder.govern()
  await signBoth(asked)
  expect((await untilEnded(house, asked.promotion)).phase).toBe('promoted')
})

test('a release waits for a valid set and then goes on by itself', async () => {
  const asked = await heldAtRelease('lab-held')
  house.governanceFolder.breakGovernance()
  house.registryFolder.comeBack()
  const failure = async () => {
    const { raw } = await asked.handle.describe()
    return raw.pendingActivities?.[0]?.lastFailure?.applicationFailureInfo?.type
  }
  await expect.poll(failure, soon).toBe('GOVERNANCE_INVALID')
  expect((await stateOf(house, asked.promotion)).phase).toBe('promoting')
  house.governanceFolder.govern()
  expect((await untilEnded(house, asked.promotion)).phase).toBe('promoted')
})

test('a set that no longer covers the model lets nobody sign', async () => {
  const asked = await waiting(house, 'lab-uncovered')
  house.governanceFolder.govern(withoutPolicy('lab-uncovered'))
  expect(await signOff(house, asked, 'model-risk', { person: people.ana })).toMatchObject({
    kind: 'refused',
    code: 'NO_POLICY',
  })
})

test('a set that no longer covers the model lets no release through', async () => {
  const asked = await heldAtRelease('lab-lost')
  house.governanceFolder.govern(withoutPolicy('lab-lost'))
  house.registryFolder.comeBack()
  const state = await untilEnded(house, asked.promotion)
  expect(state).toMatchObject({ phase: 'failed', end: { code: 'NO_POLICY' } })
  expect(await house.registry.alias('lab-lost', 'production')).toBeNull()
  house.governanceFolder.govern()
})

test('another champion is taken note of, and the alias is moved from where it points', async () => {
  const asked = await waiting(house, 'lab-champion')
  house.registryFolder.setAlias('lab-champion', '2')
  await signBoth(asked)
  const state = await untilEnded(house, asked.promotion)
  expect(state).toMatchObject({ phase: 'promoted', promoted: { from: '2' } })
  expect(await house.registry.alias('lab-champion', 'production')).toBe('1')
})

test('a champion that was compared with voids what was signed when it changes', async () => {
  const asked = await waiting(house, 'lab-compared')
  house.registryFolder.setAlias('lab-compared', '2')
  expect(await signBoth(asked)).toMatchObject({ phase: 'promoting' })
  const state = await until(
    house,
    asked.promotion,
    ({ phase, champion }) => phase === 'awaiting-sign-off' && champion?.version === '2',
  )
  expect(state.signOffs).toEqual([])
  expect(state.checks.find(({ check }) => check === 'evaluation')).toMatchObject({ attempt: 2 })
  expect(await house.registry.alias('lab-compared', 'production')).toBe('2')
  expect(await signBoth(asked)).toMatchObject({ phase: 'promoting' })
  expect((await untilEnded(house, asked.promotion)).phase).toBe('promoted')
})
