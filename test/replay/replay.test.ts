import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DefaultLogger, Runtime, Worker, type WorkflowBundle } from '@temporalio/worker'
import { beforeAll, expect, test } from 'vitest'
import { bundleWorkflows } from '../../src/main/workflow-bundle.js'

const root = 'test/histories'

interface RecordedEvent {
  readonly eventType: string
  readonly activityTaskScheduledEventAttributes?: { activityType: { name: string } }
}

interface Recording {
  readonly workflowId: string
  readonly history: { readonly events: readonly RecordedEvent[] }
}

const recordings = readdirSync(root).flatMap((type) =>
  readdirSync(join(root, type)).map((name) => join(type, name)),
)

let workflowBundle: WorkflowBundle

beforeAll(async () => {
  Runtime.install({ shutdownSignals: [], logger: new DefaultLogger('ERROR') })
  workflowBundle = await bundleWorkflows()
})

function read(name: string): Recording {
  return JSON.parse(readFileSync(join(root, name), 'utf8')) as Recording
}

async function replay({ workflowId, history }: Recording): Promise<void> {
  await Worker.runReplayHistory({ workflowBundle }, history, workflowId)
}

test('the stories that matter are there', () => {
  expect(recordings.length).toBeGreaterThanOrEqual(11)
})

test.each(recordings)('%s takes the same path today', async (name) => {
  await expect(replay(read(name))).resolves.toBeUndefined()
})

const story = 'promoteModel/two-sign-offs-promoted.json'

function changed(change: (events: RecordedEvent[]) => readonly RecordedEvent[]): Recording {
  const { workflowId, history } = read(story)
  return {
    workflowId,
    history: { ...history, events: change(structuredClone([...history.events])) },
  }
}

function scheduled(events: readonly RecordedEvent[], name: string) {
  const found = events.find(
    (event) => event.activityTaskScheduledEventAttributes?.activityType.name === name,
  )?.activityTaskScheduledEventAttributes
  if (!found) throw new Error(`the recording schedules no ${name}`)
  return found
}

const otherPaths: readonly (readonly [string, Recording])[] = [
  [
    'the alias was moved before the bytes were copied',
    changed((events) => {
      const copying = scheduled(events, 'snapshot')
      const releasing = scheduled(events, 'release')
      copying.activityType.name = 'release'
      releasing.activityType.name = 'snapshot'
      return events
    }),
  ],
  [
    'something else was done than to record',
    changed((events) => {
      scheduled(events, 'record').activityType.name = 'readEvents'
      return events
    }),
  ],
  [
    'a check was never run',
    changed((events) => {
      scheduled(events, 'runCheck').activityType.name = 'reportError'
      return events
    }),
  ],
]

test.each(otherPaths)('a history in which %s does not replay', async (_, recording) => {
  await expect(replay(recording)).rejects.toThrow(/TMPRL1100|[Nn]ondeterminism/)
})
