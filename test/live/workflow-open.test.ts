import { afterAll, beforeAll, expect, test } from 'vitest'
import { openName, promoteModelType, taskQueue, type OpenAnswer } from '../../src/contract.js'
import { openHouse, people, type House } from './support/house.js'
import { requestOf } from './support/acting.js'

let house: House

beforeAll(async () => {
  house = await openHouse()
}, 120_000)

afterAll(() => house?.close())

/** Starts a run for a version that is not there, and asks it nothing. */
async function startRefused(version: string) {
  const asked = await requestOf(house, { model: 'no-such', version, person: people.mira })
  return house.client.workflow.start(promoteModelType, {
    workflowId: asked.workflowId,
    taskQueue,
    args: [asked.input],
  })
}

/** Waits until the run has asked registry and governance set. */
async function untilOpened(handle: Awaited<ReturnType<typeof startRefused>>): Promise<void> {
  for (;;) {
    const { events } = await handle.fetchHistory()
    if (events?.some((event) => event.activityTaskCompletedEventAttributes)) return
  }
}

test('a refused run waits for whoever started it to ask, so that the refusal is heard', async () => {
  const handle = await startRefused('1')
  await untilOpened(handle)
  const answer = await handle.executeUpdate<OpenAnswer, []>(openName)
  expect(answer).toMatchObject({ kind: 'refused', code: 'MODEL_NOT_FOUND' })
  expect(await handle.result()).toMatchObject({ phase: 'none', code: 'MODEL_NOT_FOUND' })
})

test('a refused run that nobody asks ends by itself and frees its id', async () => {
  const handle = await startRefused('2')
  expect(await handle.result()).toMatchObject({ phase: 'none' })
})
