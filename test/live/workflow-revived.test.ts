import { afterAll, beforeAll, expect, test } from 'vitest'
import { readPromotion } from '../../activities/streams.js'
import { reviveRuns } from '../../activities/revive-runs.js'
import { audit } from '../../src/domain/audit.js'
import { openHouse, people, type House } from './support/house.js'
import { request, signOff, soon, untilEnded, waiting } from './support/acting.js'

let house: House

beforeAll(async () => {
  house = await openHouse({ labs: [{ model: 'lab-terminated' }] })
}, 120_000)

afterAll(() => house?.close())

/** Temporal's lists lag behind, so the round is repeated as the observer repeats it. */
async function untilRevived(promotion: string): Promise<void> {
  await expect
    .poll(async () => (await reviveRuns(house.workerDeps)).includes(promotion), soon)
    .toBe(true)
}

test('a promotion whose run was terminated is found, goes on from the log and is recorded as revived', async () => {
  const asked = await waiting(house, 'lab-terminated')
  await signOff(house, asked, 'model-risk', { person: people.ana })
  await house.client.workflow.getHandle(asked.workflowId).terminate('by somebody from outside')
  await untilRevived(asked.promotion)
  expect(
    await signOff(house, asked, 'clinical-safety', { person: people.bo, signer: house.boSigner }),
  ).toMatchObject({ kind: 'accepted' })
  expect(await untilEnded(house, asked.promotion)).toMatchObject({ phase: 'promoted' })
  const events = await readPromotion(house.log, asked.promotion)
  expect(events.filter(({ type }) => type === 'run-revived')).toHaveLength(1)
  expect(audit(events)).toMatchObject({ kind: 'sound' })
})

test('a run that is there, and a promotion that has ended, are left alone', async () => {
  const asked = await request(house, { model: 'ward-forecast', version: '1', person: people.mira })
  await untilEnded(house, asked.promotion)
  await asked.handle.result()
  const underWay = await waiting(house, 'diabetes-risk')
  await expect.poll(() => house.workerDeps.runs.underWay(), soon).toContain(underWay.promotion)
  expect(await reviveRuns(house.workerDeps)).toEqual([])
})
