import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { Worker } from '@temporalio/worker'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readPromotion } from '../../activities/streams.js'
import { openName, type OpenAnswer } from '../../src/contract.js'
import { audit } from '../../src/domain/audit.js'
import { openHouse, people, type House } from './support/house.js'
import {
  eventCounts,
  send,
  sendRaw,
  sendSignal,
  signOff,
  signOffCommand,
  until,
  untilEnded,
  waiting,
  soon,
} from './support/acting.js'

let house: House

beforeAll(async () => {
  house = await openHouse({
    labs: [{ model: 'lab-long' }, { model: 'lab-crowded' }],
    temporalSettings: ['limit.historyCount.suggestContinueAsNew=45'],
  })
}, 120_000)

afterAll(() => house?.close())

async function runOf(workflowId: string): Promise<string> {
  return (await house.client.workflow.getHandle(workflowId).describe()).runId
}

test('a run that goes on as a new one keeps everything and doubles nothing', async () => {
  const asked = await waiting(house, 'lab-long')
  const { promotion, workflowId } = asked
  await expect.poll(() => runOf(workflowId), soon).not.toBe(asked.handle.firstExecutionRunId)
  const current = house.client.workflow.getHandle(workflowId)
  expect(await current.executeUpdate<OpenAnswer, []>(openName)).toMatchObject({ kind: 'opened' })

  const command = await signOffCommand(house, promotion, 'model-risk', { person: people.ana })
  expect(await send(house, workflowId, command)).toMatchObject({ kind: 'accepted' })
  const second = await runOf(workflowId)
  for (let tries = 0; (await runOf(workflowId)) === second; tries += 1) {
    expect(tries).toBeLessThan(20)
    expect(await signOff(house, asked, 'model-risk', { person: people.eli })).toMatchObject({
      code: 'NOT_ELIGIBLE',
    })
  }
  // Temporal's own memory of update ids ends with the run; ours does not.
  expect(await send(house, workflowId, command)).toMatchObject({ kind: 'accepted' })
  expect((await eventCounts(house, promotion))['signed-off']).toBe(1)

  await signOff(house, asked, 'clinical-safety', { person: people.dev })
  expect((await untilEnded(house, promotion)).phase).toBe('promoted')
  expect(audit(await readPromotion(house.log, promotion))).toMatchObject({ kind: 'sound' })
  const counts = await eventCounts(house, promotion)
  expect(counts).toMatchObject({ requested: 1, snapshotted: 1, 'check-completed': 3, promoted: 1 })
})

test('each of the runs replays by itself', async () => {
  const runs = house.client.workflow.list({
    query: 'WorkflowId = "promotion:production:lab-long:1"',
  })
  let replayed = 0
  for await (const { workflowId, runId } of runs) {
    const history = await house.client.workflow.getHandle(workflowId, runId).fetchHistory()
    const { workflowBundle } = house
    await Worker.runReplayHistory(
      { workflowBundle },
      JSON.parse(historyToJSON(history)),
      workflowId,
    )
    replayed += 1
  }
  expect(replayed).toBeGreaterThan(2)
})

test('no message is lost while one run follows another', async () => {
  const asked = await waiting(house, 'lab-crowded')
  const { promotion, workflowId } = asked
  const signals = Array.from({ length: 24 }, async () => {
    const acting = { person: people.eli }
    await sendSignal(
      house,
      workflowId,
      await signOffCommand(house, promotion, 'model-risk', acting),
    )
  })
  const ana = await signOffCommand(house, promotion, 'model-risk', { person: people.ana })
  await Promise.all([...signals, sendRaw(house, workflowId, ana)])
  await until(house, promotion, ({ refusals }) => refusals === 24)
  await signOff(house, asked, 'clinical-safety', { person: people.dev })
  expect((await untilEnded(house, promotion)).phase).toBe('promoted')
  expect(await eventCounts(house, promotion)).toMatchObject({ refused: 24, 'signed-off': 2 })
})
