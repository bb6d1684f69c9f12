import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createReadModel, type ReadModel } from '../../../read-model/read-model.js'
import type { NewEvent } from '../../../recorder/event-log.js'
import { createMemoryLog } from '../../../recorder/memory-log.js'
import { aliasStream, outsideStream } from '../../../src/contract.js'
import { PromotionError } from '../../../src/domain/errors.js'
import { openWorld, type World } from '../api/world.js'

const at = '2026-11-22T20:29:00.000Z'
const digest = `sha256:${'a'.repeat(64)}` as const
const promotion = `prm_${'1'.repeat(32)}`

const event = (type: string, body: NewEvent['body'], person: string | null = null): NewEvent => ({
  type,
  at,
  person,
  body,
})

let log: ReturnType<typeof createMemoryLog>
let model: ReadModel
let stop: AbortController

beforeEach(async () => {
  log = createMemoryLog()
  stop = new AbortController()
  model = createReadModel({ log, texts: log, retryMs: 5 })
  await model.start(stop.signal)
})
afterEach(() => stop.abort())

async function append(stream: string, fromSeq: number, ...events: NewEvent[]): Promise<void> {
  await log.append(stream, fromSeq, events)
  expect(await model.passed(stream, fromSeq + events.length, 2000)).toBe(true)
}

describe('what it cannot read', () => {
  test.each([
    ['an event of an unknown kind', 'promotion:prm_x', event('teleported', { to: 'mars' })],
    ['an event of another shape', 'promotion:prm_x', event('rejected', { seat: 7 })],
    ['a stream of an unknown kind', 'installation:x', event('made', {})],
    ['an alias stream of another form', 'alias:only', event('alias-left', {})],
    ['a governance event of another shape', 'governance', event('governance-seen', {})],
  ])('%s is kept aside and counted, and nothing stops', async (_, stream, stray) => {
    await append(stream, 0, stray)
    const { aside, asideCount, position } = model.now()
    expect([asideCount, position]).toEqual([1, 1])
    expect(aside).toEqual([{ position: 0, stream, type: stray.type }])
    await append(
      'outside:m',
      0,
      event('version-created', { source: 'folder', version: '1', createdAt: at }),
    )
    expect(model.fault()).toBeNull()
  })

  test('an unreadable event of a promotion still counts in its sequence', async () => {
    await append(`promotion:${promotion}`, 0, event('teleported', {}))
    const record = model.now().promotions.get(promotion)
    expect(record).toMatchObject({ unread: 1, state: { phase: 'none', nextSeq: 1 } })
    expect(model.now().order).toEqual([])
  })
})

describe('an alias', () => {
  const stream = aliasStream('production', 'diabetes-risk')
  const moved = { promotion, from: null, to: '2', modelDigest: digest }

  test('is live where the last promotion put it, not where one only meant to', async () => {
    await append(stream, 0, event('alias-intended', moved))
    expect(model.now().aliases.get(stream)).toMatchObject({ live: null, intent: { to: '2' } })
    await append(stream, 1, event('alias-moved', moved))
    expect(model.now().aliases.get(stream)).toMatchObject({
      live: { version: '2', promotion, seq: 1 },
      intent: null,
      observed: { version: '2', diverged: false },
    })
  })

  test('that others moved is diverged, and what we put there stays known', async () => {
    await append(stream, 0, event('alias-moved', moved))
    await append(stream, 1, event('alias-observed', { version: '9', diverged: true }))
    expect(model.now().aliases.get(stream)).toMatchObject({
      live: { version: '2' },
      observed: { version: '9', diverged: true },
    })
    await append(
      stream,
      2,
      event('alias-intended', moved),
      event('alias-left', { promotion, left: '9', why: 'x' }),
    )
    expect(model.now().aliases.get(stream)).toMatchObject({ intent: null, live: { version: '2' } })
  })
})

test('what others did is kept with its source', async () => {
  const body = { source: 'folder', version: '1', createdAt: at }
  await append(outsideStream('diabetes-risk'), 0, event('version-created', body))
  expect(model.now().outside.get('outside:diabetes-risk')).toMatchObject([
    { type: 'version-created', body },
  ])
})

describe('waiting', () => {
  test('ends as soon as the stream has come so far', async () => {
    const waiting = model.passed('installation:x', 2, 5000)
    await log.append('installation:x', 0, [event('a', {}), event('b', {})])
    expect(await waiting).toBe(true)
    expect(await model.passed('installation:x', 1, 0)).toBe(true)
  })

  test('ends with no when the time is over', async () => {
    expect(await model.passed('installation:x', 1, 20)).toBe(false)
  })
})

describe('the governance set', () => {
  test('is refused before one was seen', async () => {
    await expect(model.governance()).rejects.toMatchObject({ code: 'GOVERNANCE_INVALID' })
  })

  test('that was erased is refused, never replaced by the one before', async () => {
    const set = await log.putText({ salt: 'ab'.repeat(16), text: '{}' })
    await append('governance', 0, event('governance-seen', { digest, sequence: 1, set }))
    await log.eraseText(set)
    await expect(model.governance()).rejects.toThrow(/is erased/)
  })
})

describe('when the log breaks off', () => {
  test('it begins again where it was, and misses and doubles nothing', async () => {
    const inner = createMemoryLog()
    let breaks = 3
    const flaky = {
      ...inner,
      async *follow(from: number, signal: AbortSignal) {
        for await (const one of inner.follow(from, signal)) {
          yield one
          breaks -= 1
          if (breaks >= 0) throw new PromotionError('LOG_UNAVAILABLE', 'gone')
        }
      },
    }
    const survivor = createReadModel({ log: flaky, texts: inner, retryMs: 1 })
    const end = new AbortController()
    await survivor.start(end.signal)
    await inner.append(
      'installation:x',
      0,
      Array.from({ length: 10 }, () => event('made', {})),
    )
    expect(await survivor.passed('installation:x', 10, 5000)).toBe(true)
    expect(survivor.now().asideCount).toBe(10)
    expect(breaks).toBeLessThan(0)
    end.abort()
  })
})

describe('folded again from the log', () => {
  let world: World
  beforeEach(async () => {
    world = await openWorld()
  })
  afterEach(() => world.close())

  test('it is the same, while the log goes on', async () => {
    await world.request({ model: 'ward-forecast' })
    const id = await world.request()
    const [rebuilt] = await Promise.all([
      world.readModel.rebuild(),
      world.sign(id, 'ana', 'model-risk'),
      world.request({ version: '2' }),
    ])
    expect(rebuilt).toMatchObject({ isEqual: true })
    expect(rebuilt.before).toBe(rebuilt.after)
    const again = await world.readModel.rebuild()
    expect(again).toMatchObject({ promotions: 3, isEqual: true })
    expect(await world.detail(id)).toMatchObject({ seats: [{ filledBy: [{}] }, {}] })
  })

  test('it says so when what stood was not what the log says', async () => {
    const id = await world.request()
    world.readModel.now().promotions.delete(id)
    expect(await world.readModel.rebuild()).toMatchObject({ isEqual: false, promotions: 1 })
    expect(await world.detail(id)).toMatchObject({ id })
  })
})
