import { afterAll, beforeAll, expect, test } from 'vitest'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { Worker } from '@temporalio/worker'
import { audit } from '../../src/domain/audit.js'
import { isEnded } from '../../src/domain/promotion.js'
import { readAlias, readPromotion } from '../../activities/streams.js'
import { openHouse, people, type House } from './support/house.js'
import { commandOf, request, send, signOff, stateOf, until } from './support/acting.js'

let house: House

beforeAll(async () => {
  house = await openHouse()
}, 120_000)

afterAll(() => house?.close())

test('nobody is told of a promotion that registry or governance do not cover', async () => {
  const unknown = await request(house, {
    model: 'no-such-model',
    version: '1',
    person: people.mira,
  })
  expect(unknown.answer).toMatchObject({ kind: 'refused', code: 'MODEL_NOT_FOUND' })
  const foreign = await request(house, {
    model: 'diabetes-risk',
    version: '1',
    environment: 'staging',
    person: people.mira,
  })
  expect(foreign.answer).toMatchObject({ kind: 'refused', code: 'NO_POLICY' })
  const unscoped = await request(house, {
    model: 'diabetes-risk',
    version: '1',
    person: people.eli,
  })
  expect(unscoped.answer).toMatchObject({ kind: 'refused', code: 'NOT_ALLOWED' })
})

test('a tier without seats goes to production on its checks alone', async () => {
  const asked = await request(house, { model: 'ward-forecast', version: '1', person: people.mira })
  expect(asked.answer).toMatchObject({ kind: 'opened' })
  const state = await until(house, asked.promotion, ({ phase }) => isEnded(phase))
  expect(state.end).toBeNull()
  expect(state.phase).toBe('promoted')
  expect(await house.registry.alias('ward-forecast', 'production')).toBe('1')
  expect(await asked.handle.result()).toMatchObject({ phase: 'promoted' })
})

test('two owners sign, one with a key of their own, and the alias moves once', async () => {
  const asked = await request(house, { model: 'diabetes-risk', version: '1', person: people.mira })
  await until(house, asked.promotion, ({ phase }) => phase === 'awaiting-sign-off')
  expect(await signOff(house, asked, 'model-risk', { person: people.mira })).toMatchObject({
    kind: 'refused',
    code: 'NOT_ELIGIBLE',
  })
  expect(await signOff(house, asked, 'model-risk', { person: people.ana })).toMatchObject({
    kind: 'accepted',
    phase: 'awaiting-sign-off',
  })
  expect(
    await signOff(house, asked, 'clinical-safety', { person: people.bo, signer: house.boSigner }),
  ).toMatchObject({ kind: 'accepted', phase: 'promoting' })
  const state = await until(house, asked.promotion, ({ phase }) => isEnded(phase))
  expect(state.phase).toBe('promoted')
  expect(await house.registry.alias('diabetes-risk', 'production')).toBe('1')
  const alias = await readAlias(house.log, 'production', 'diabetes-risk')
  expect(alias.map(({ type }) => type)).toEqual(['alias-intended', 'alias-moved'])
  const events = await readPromotion(house.log, asked.promotion)
  expect(audit(events)).toMatchObject({ kind: 'sound' })
  const history = historyToJSON(await asked.handle.fetchHistory())
  await Worker.runReplayHistory(
    { workflowBundle: house.workflowBundle },
    JSON.parse(history),
    asked.workflowId,
  )
})

test.each([
  ['2', 'provenance', 'changed after signing'],
  ['3', 'provenance', 'unsigned'],
  ['4', 'evaluation', 'its evaluation fails'],
  ['5', 'scan', 'a forbidden format'],
])('version %s is refused by %s: %s', async (version, check) => {
  const asked = await request(house, { model: 'diabetes-risk', version, person: people.mira })
  const state = await until(house, asked.promotion, ({ phase }) => isEnded(phase))
  expect(state).toMatchObject({ phase: 'failed', end: { code: 'CHECKS_FAILED' } })
  const failing = state.checks.filter(({ report }) => report?.outcome !== 'passed')
  expect(failing.map((one) => one.check)).toContain(check)
  expect(await house.registry.alias('diabetes-risk', 'production')).toBe('1')
})

test('a forged sign-off is recorded as refused and counts for nothing', async () => {
  const asked = await request(house, { model: 'diabetes-risk', version: '1', person: people.mira })
  await until(house, asked.promotion, ({ phase }) => phase === 'awaiting-sign-off')
  const forged = await signOff(house, asked, 'clinical-safety', {
    person: people.dev,
    signer: house.boSigner,
  })
  expect(forged).toMatchObject({ kind: 'refused', code: 'SIGNATURE_INVALID' })
  const state = await stateOf(house, asked.promotion)
  expect(state).toMatchObject({ signOffs: [], refusals: 1 })
  const command = await commandOf(house, asked.promotion, 'cancel', {}, { person: people.mira })
  expect(await send(house, asked.workflowId, command)).toMatchObject({ phase: 'cancelled' })
})
