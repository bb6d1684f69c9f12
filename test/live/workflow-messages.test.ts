import { WorkflowNotFoundError } from '@temporalio/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openName, searchAttributes, type OpenAnswer } from '../../src/contract.js'
import { openHouse, people, type House } from './support/house.js'
import {
  commandOf,
  eventCounts,
  perform,
  request,
  send,
  sendRaw,
  sendSignal,
  signOff,
  signOffCommand,
  stateOf,
  until,
  untilEnded,
  waiting,
  soon,
} from './support/acting.js'

let house: House

const models = [
  'lab-malformed',
  'lab-twice',
  'lab-signal',
  'lab-forged',
  'lab-refusals',
  'lab-shown',
  'lab-cancel',
  'lab-over',
  'lab-stubborn',
]

beforeAll(async () => {
  house = await openHouse({ labs: models.map((model) => ({ model })) })
}, 120_000)

afterAll(() => house?.close())

async function historyLength(workflowId: string): Promise<number> {
  return (await house.client.workflow.getHandle(workflowId).describe()).historyLength
}

test('a malformed Update is refused by the validator and leaves no trace in the history', async () => {
  const asked = await waiting(house, 'lab-malformed')
  const command = await signOffCommand(house, asked.promotion, 'model-risk', { person: people.ana })
  const before = await historyLength(asked.workflowId)
  const malformed: readonly unknown[] = [
    null,
    'approve',
    [],
    { ...command, extra: true },
    { ...command, act: 'adopt' },
    { ...command, body: { ...command.body, seat: 'Model Risk' } },
    { ...command, signed: { ...command.signed, signature: { keyid: 'api:', sig: 'AAAA' } } },
    { ...command, signed: { ...command.signed, padding: 'x'.repeat(17_000) } },
  ]
  for (const content of malformed) {
    await expect(sendRaw(house, asked.workflowId, content)).rejects.toMatchObject({
      name: 'WorkflowUpdateFailedError',
      cause: { type: 'MALFORMED' },
    })
  }
  expect(await historyLength(asked.workflowId)).toBe(before)
  expect(await stateOf(house, asked.promotion)).toMatchObject({ refusals: 0, signOffs: [] })
})

test('a malformed or oversized Signal is ignored, and the promotion goes on', async () => {
  const asked = await waiting(house, 'lab-signal')
  const command = await signOffCommand(house, asked.promotion, 'model-risk', { person: people.ana })
  await sendSignal(house, asked.workflowId, null)
  await sendSignal(house, asked.workflowId, { ...command, act: 'adopt' })
  await sendSignal(house, asked.workflowId, { ...command, padding: 'x'.repeat(20_000) })
  const { promotion } = asked
  expect((await eventCounts(house, promotion))['refused']).toBeUndefined()

  // Signed by the API, and signed with a key of their own: both are good by Signal too.
  await sendSignal(house, asked.workflowId, command)
  await until(house, promotion, ({ signOffs }) => signOffs.length === 1)
  const own = { person: people.bo, signer: house.boSigner }
  await sendSignal(
    house,
    asked.workflowId,
    await signOffCommand(house, promotion, 'clinical-safety', own),
  )
  const state = await untilEnded(house, promotion)
  expect(state.phase).toBe('promoted')
  expect(state.signOffs.map(({ level }) => level).toSorted()).toEqual(['authenticated', 'signed'])
  expect(await eventCounts(house, promotion)).toMatchObject({ 'signed-off': 2, promoted: 1 })
})

test('a forged Signal is recorded as refused, names nobody and counts for nothing', async () => {
  const asked = await waiting(house, 'lab-forged')
  const forged = await signOffCommand(house, asked.promotion, 'clinical-safety', {
    person: people.dev,
    signer: house.boSigner,
  })
  await sendSignal(house, asked.workflowId, forged)
  const state = await until(house, asked.promotion, ({ refusals }) => refusals === 1)
  expect(state).toMatchObject({ signOffs: [], phase: 'awaiting-sign-off' })
  const recorded = await house.log.read(`promotion:${asked.promotion}`)
  const refused = recorded.find(({ leaf }) => leaf.type === 'refused')
  expect(refused).toMatchObject({ leaf: { person: null }, body: { code: 'SIGNATURE_INVALID' } })
  // The nonce was not used up: whoever owns the key may still act with it.
  const again = { person: people.dev, key: forged.signed.statement.nonce }
  expect(await signOff(house, asked, 'clinical-safety', again)).toMatchObject({ kind: 'accepted' })
})

test('a statement about another promotion is refused', async () => {
  const other = await request(house, {
    model: 'diabetes-risk',
    version: '1',
    person: people.mira,
  })
  const asked = await waiting(house, 'lab-over')
  const command = await signOffCommand(house, asked.promotion, 'model-risk', { person: people.ana })
  await until(house, other.promotion, ({ phase }) => phase === 'awaiting-sign-off')
  expect(await send(house, other.workflowId, command)).toMatchObject({
    kind: 'refused',
    code: 'SIGNATURE_INVALID',
  })
  expect(await stateOf(house, other.promotion)).toMatchObject({ signOffs: [] })
})

test('the same act twice is one event and one answer, under the same update id or another', async () => {
  const asked = await waiting(house, 'lab-twice')
  const { promotion, workflowId } = asked
  const command = await signOffCommand(house, promotion, 'model-risk', { person: people.ana })
  const first = await send(house, workflowId, command)
  expect(first).toMatchObject({ kind: 'accepted' })
  expect(await send(house, workflowId, command)).toEqual(first)
  expect(await sendRaw(house, workflowId, command)).toEqual(first)
  expect((await eventCounts(house, promotion))['signed-off']).toBe(1)

  const barred = await signOffCommand(house, promotion, 'model-risk', { person: people.mira })
  const refusal = await send(house, workflowId, barred)
  expect(refusal).toMatchObject({ kind: 'refused', code: 'NOT_ELIGIBLE' })
  expect(await sendRaw(house, workflowId, barred)).toEqual(refusal)
  expect((await eventCounts(house, promotion))['refused']).toBe(1)

  const reused = await commandOf(
    house,
    promotion,
    'withdrawal',
    { seat: 'model-risk' },
    { person: people.ana, key: command.signed.statement.nonce },
  )
  expect(await sendRaw(house, workflowId, reused)).toMatchObject({ code: 'STATEMENT_REUSED' })
})

test('the open Update gives the same answer to everybody who asks', async () => {
  const asked = await request(house, { model: 'ward-forecast', version: '1', person: people.mira })
  const again = await asked.handle.executeUpdate<OpenAnswer, []>(openName)
  expect(asked.answer).toMatchObject({ kind: 'opened' })
  expect(again).toEqual(asked.answer)
  expect((await untilEnded(house, asked.promotion)).phase).toBe('promoted')
})

test('a promotion that has ended takes no act any more', async () => {
  const asked = await waiting(house, 'lab-cancel')
  const command = await commandOf(house, asked.promotion, 'cancel', {}, { person: people.mira })
  const answer = await send(house, asked.workflowId, command)
  expect(answer).toMatchObject({ kind: 'accepted', phase: 'cancelled' })
  await asked.handle.result()
  expect(await send(house, asked.workflowId, command)).toEqual(answer)
  await expect(perform(house, asked, 'cancel', {}, { person: people.mira })).rejects.toBeInstanceOf(
    WorkflowNotFoundError,
  )
  expect((await eventCounts(house, asked.promotion))['cancelled']).toBe(1)
})

test('fifty refusals are recorded, then they are only counted out', async () => {
  const asked = await waiting(house, 'lab-refusals')
  for (let sent = 0; sent < 60; sent += 1) {
    expect(await signOff(house, asked, 'model-risk', { person: people.eli })).toMatchObject({
      kind: 'refused',
      code: 'NOT_ELIGIBLE',
    })
  }
  expect((await eventCounts(house, asked.promotion))['refused']).toBe(50)
  expect(await signOff(house, asked, 'model-risk', { person: people.ana })).toMatchObject({
    kind: 'accepted',
  })
})

test('Temporal tells the story: state and team, and never a person', async () => {
  const asked = await waiting(house, 'lab-shown')
  const shown = async () => {
    const { typedSearchAttributes } = await asked.handle.describe()
    return JSON.stringify(typedSearchAttributes.getAll())
  }
  const details = async () => {
    const metadata = await asked.handle.query<{ currentDetails?: string }>(
      '__temporal_workflow_metadata',
    )
    return metadata.currentDetails ?? ''
  }
  await expect.poll(shown, soon).toContain('awaiting-sign-off')
  expect(await shown()).toContain(searchAttributes.waitingTeam)
  expect(await shown()).toContain('clinical-safety')
  expect(await details()).toContain('awaiting')
  await signOff(house, asked, 'model-risk', { person: people.ana })
  await expect.poll(shown, soon).not.toContain('model-risk')
  const told = `${await shown()} ${await details()}`
  expect(told).toContain('clinical')
  for (const person of [...Object.values(people), 'Mira', 'Ana', 'Bo ']) {
    expect(told).not.toContain(person)
  }
})

test('a cancellation request of Temporal is not obeyed: only whoever may cancel cancels', async () => {
  const asked = await waiting(house, 'lab-stubborn')
  await asked.handle.cancel()
  await signOff(house, asked, 'model-risk', { person: people.ana })
  await signOff(house, asked, 'clinical-safety', { person: people.dev })
  expect((await untilEnded(house, asked.promotion)).phase).toBe('promoted')
  expect(await asked.handle.result()).toMatchObject({ phase: 'promoted' })
})
