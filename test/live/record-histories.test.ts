import { mkdirSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { observeAliasesType, taskQueue } from '../../src/contract.js'
import { openHouse, people, type House } from './support/house.js'
import {
  perform,
  request,
  signOff,
  until,
  untilEnded,
  waiting,
  type Asked,
  soon,
} from './support/acting.js'

/**
 * Records what test/replay replays. Run by hand when the workflow has taken a new path, beside the histories that are
 * there, never in their place: COUNTERSIGN_RECORD_HISTORIES=1 npx vitest run test/live/record-histories.test.ts
 */
const isAsked = process.env['COUNTERSIGN_RECORD_HISTORIES'] === '1'

const hidden = new Set(['identity', 'stackTrace'])

/** What a history says of the machine that it was made on is nobody's business. */
function withoutMachine(key: string, value: unknown): unknown {
  if (hidden.has(key)) return ''
  return typeof value === 'string' ? value.replaceAll(hostname(), 'a-machine') : value
}

let house: House

async function save(type: string, name: string, workflowId: string, runId: string): Promise<void> {
  const handle = house.client.workflow.getHandle(workflowId, runId)
  const history: unknown = JSON.parse(historyToJSON(await handle.fetchHistory()))
  const folder = join('test/histories', type)
  mkdirSync(folder, { recursive: true })
  const text = JSON.stringify({ workflowId, history }, withoutMachine)
  writeFileSync(join(folder, `${name}.json`), `${text}\n`)
}

async function saveEnded(name: string, asked: Asked): Promise<void> {
  const { runId } = await house.client.workflow.getHandle(asked.workflowId).describe()
  await save('promoteModel', name, asked.workflowId, runId)
}

async function signBoth(asked: Asked): Promise<void> {
  await signOff(house, asked, 'model-risk', { person: people.ana })
  const acting = { person: people.bo, signer: house.boSigner }
  await signOff(house, asked, 'clinical-safety', acting)
}

const stories: readonly (readonly [string, string, () => Promise<Asked>])[] = [
  [
    'fast-lane-promoted',
    'promoted',
    () => request(house, { model: 'ward-forecast', version: '1', person: people.mira }),
  ],
  [
    'two-sign-offs-promoted',
    'promoted',
    async () => {
      const asked = await waiting(house, 'lab-signed')
      await signOff(house, asked, 'model-risk', { person: people.mira })
      await signBoth(asked)
      return asked
    },
  ],
  [
    'checks-failed',
    'failed',
    () => request(house, { model: 'diabetes-risk', version: '4', person: people.mira }),
  ],
  [
    'rejected',
    'rejected',
    async () => {
      const asked = await waiting(house, 'lab-rejected')
      await signOff(house, asked, 'model-risk', { person: people.ana }, 'reject')
      return asked
    },
  ],
  [
    'rerun-then-cancelled',
    'cancelled',
    async () => {
      const asked = await request(house, {
        model: 'lab-mended',
        version: '4',
        person: people.mira,
      })
      await until(house, asked.promotion, ({ phase }) => phase === 'blocked')
      await perform(house, asked, 'rerun', { check: 'evaluation' }, { person: people.mira })
      await until(house, asked.promotion, ({ phase, reruns }) => phase === 'blocked' && reruns > 0)
      await perform(house, asked, 'cancel', {}, { person: people.mira })
      return asked
    },
  ],
  ['expired', 'expired', () => waiting(house, 'lab-expired')],
  [
    'governance-changed',
    'promoted',
    async () => {
      const asked = await waiting(house, 'lab-governed')
      house.governanceFolder.govern(({ policies }) => {
        const policy = policies['lab-governed']
        if (policy) policy.tier = 'higher'
      })
      await signBoth(asked)
      await signBoth(asked)
      return asked
    },
  ],
]

describe.skipIf(!isAsked)('what the workflow did', () => {
  beforeAll(async () => {
    house = await openHouse({
      labs: [
        { model: 'lab-signed' },
        { model: 'lab-rejected' },
        { model: 'lab-mended', policy: ({ clocks }) => void (clocks.mendWithin = '1 hours') },
        { model: 'lab-expired', policy: ({ clocks }) => void (clocks.decide = '1 seconds') },
        { model: 'lab-governed' },
      ],
    })
  }, 120_000)

  afterAll(() => house?.close())

  test.each(stories)('%s', async (name, phase, play) => {
    const asked = await play()
    expect((await untilEnded(house, asked.promotion)).phase).toBe(phase)
    await house.client.workflow.getHandle(asked.workflowId).result()
    await saveEnded(name, asked)
  })

  test('request-refused', async () => {
    const asked = await request(house, { model: 'nobody', version: '1', person: people.mira })
    expect(await asked.handle.result()).toMatchObject({ code: 'MODEL_NOT_FOUND' })
    await saveEnded('request-refused', asked)
  })

  test('observing-aliases', async () => {
    const handle = await house.client.workflow.start(observeAliasesType, {
      workflowId: 'observe-aliases',
      taskQueue,
      args: [50],
    })
    await expect.poll(async () => (await handle.describe()).historyLength, soon).toBeGreaterThan(60)
    await handle.terminate()
    const { runId } = await handle.describe()
    await save(observeAliasesType, 'some-rounds', 'observe-aliases', runId)
  })
})

describe.skipIf(!isAsked)('what a long promotion did', () => {
  beforeAll(async () => {
    const temporalSettings = ['limit.historyCount.suggestContinueAsNew=45']
    house = await openHouse({ labs: [{ model: 'lab-long' }], temporalSettings })
  }, 120_000)

  afterAll(() => house?.close())

  test('continued', async () => {
    const asked = await waiting(house, 'lab-long')
    const first = asked.handle.firstExecutionRunId
    const current = house.client.workflow.getHandle(asked.workflowId)
    await expect.poll(async () => (await current.describe()).runId, soon).not.toBe(first)
    await save('promoteModel', 'continued-before', asked.workflowId, first)
    const { runId } = await current.describe()
    await signBoth(asked)
    expect((await untilEnded(house, asked.promotion)).phase).toBe('promoted')
    await save('promoteModel', 'continued-after', asked.workflowId, runId)
  })
})
