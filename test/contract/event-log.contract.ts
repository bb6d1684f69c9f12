import {
  array,
  assert,
  asyncProperty,
  constantFrom,
  integer,
  record,
  type Arbitrary,
} from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { canonicalJson, digestOf } from '../../src/domain/canonical.js'
import type {
  EventLog,
  NewEvent,
  Notes,
  RecordedEvent,
  TextStore,
} from '../../recorder/event-log.js'

export interface OpenedAdapter {
  readonly adapter: EventLog & TextStore & Notes
  close(): Promise<void>
}

export function event(type: string, body: NewEvent['body'] = {}): NewEvent {
  return { type, at: '2026-11-22T20:29:00.000Z', person: 'per_4f7a21', body }
}

async function take(events: AsyncIterable<RecordedEvent>, count: number): Promise<RecordedEvent[]> {
  const taken: RecordedEvent[] = []
  if (count === 0) return taken
  for await (const one of events) {
    taken.push(one)
    if (taken.length === count) break
  }
  return taken
}

/** What every event log, text store and notes must keep, whichever adapter stands behind it. */
export function eventLogContract(name: string, open: () => Promise<OpenedAdapter>): void {
  describe(`the ports by ${name}`, () => {
    let opened: OpenedAdapter
    let log: OpenedAdapter['adapter']

    beforeEach(async () => {
      opened = await open()
      log = opened.adapter
    })
    afterEach(() => opened.close())

    appendContract(() => log)
    followContract(() => log)
    textContract(() => log)
    noteContract(() => log)
    modelContract(() => log)
  })
}

function appendContract(log: () => EventLog): void {
  const stream = 'promotion:prm_1'

  test.each([
    ['a gap', 1],
    ['a far future', 1000],
  ])('refuses %s in the sequence numbers and writes nothing', async (_, seq) => {
    expect(await log().append(stream, seq, [event('a')])).toEqual({ kind: 'conflict', nextSeq: 0 })
    expect(await log().size()).toBe(0)
  })

  test('refuses other bytes at a sequence number that is taken', async () => {
    await log().append(stream, 0, [event('a', { n: 1 })])
    const second = await log().append(stream, 0, [event('a', { n: 2 })])
    expect(second).toEqual({ kind: 'conflict', nextSeq: 1 })
    expect((await log().read(stream)).map(({ body }) => body)).toEqual([{ n: 1 }])
  })

  test.each([
    ['reaches beyond what is recorded', 0, [event('a'), event('b'), event('c')]],
    ['differs in its second event', 0, [event('a'), event('x')]],
    ['begins inside and reaches beyond', 1, [event('b'), event('c')]],
  ])('takes nothing of a retry that %s', async (_, seq, events) => {
    await log().append(stream, 0, [event('a'), event('b')])
    expect(await log().append(stream, seq, events)).toEqual({ kind: 'conflict', nextSeq: 2 })
    expect(await log().size()).toBe(2)
  })

  test.each<[string, string, number, readonly NewEvent[]]>([
    ['an unknown kind of stream', 'orders:1', 0, [event('a')]],
    ['a stream with a line break', 'promotion:a\nb', 0, [event('a')]],
    ['a stream with a bidirectional character', 'promotion:a\u202Eb', 0, [event('a')]],
    ['a stream name without end', `promotion:${'x'.repeat(301)}`, 0, [event('a')]],
    ['a negative sequence number', stream, -1, [event('a')]],
    ['no event', stream, 0, []],
    ['too many events', stream, 0, Array.from({ length: 101 }, () => event('a'))],
    ['a type that is no slug', stream, 0, [event('Not A Slug')]],
    ['a body above 64 KiB', stream, 0, [event('a', { text: 'x'.repeat(65_536) })]],
    ['a lone surrogate', stream, 0, [event('a', { text: '\uD800' })]],
    ['a moment in another notation', stream, 0, [{ ...event('a'), at: '2026-11-22' }]],
    ['a person by name', stream, 0, [{ ...event('a'), person: 'Ada Lovelace' }]],
    [
      'a body without bottom',
      stream,
      0,
      [event('a', JSON.parse('{"a":'.repeat(40) + '1' + '}'.repeat(40)))],
    ],
  ])('refuses %s as malformed', async (_, name, seq, events) => {
    await expect(log().append(name, seq, events)).rejects.toMatchObject({ code: 'MALFORMED' })
    expect(await log().size()).toBe(0)
  })

  test('a body of exactly 64 KiB is taken and comes back', async () => {
    const body = { text: 'x'.repeat(65_536 - '{"text":""}'.length) }
    await log().append(stream, 0, [event('a', body)])
    expect((await log().read(stream))[0]?.body).toEqual(body)
  })

  test('every leaf promises its salted body by digest', async () => {
    const appended = await log().append(stream, 0, [event('a', { b: 1, a: ['ü', null] })])
    if (appended.kind !== 'appended') throw new Error('a conflict was not expected')
    const [first] = appended.events
    expect(first).toMatchObject({ position: 0, leaf: { v: 1, stream, seq: 0, type: 'a' } })
    const record = canonicalJson({ body: first?.body, salt: first?.salt })
    expect(first?.leaf.bodyDigest).toBe(digestOf(record))
    expect(first?.salt).toMatch(/^[0-9a-f]{64}$/)
  })

  test('the same append again is the same success', async () => {
    const events = [event('a', { n: 1 }), event('b', { n: 2 })]
    const first = await log().append(stream, 0, events)
    expect(await log().append(stream, 0, events)).toEqual(first)
    expect(await log().append(stream, 1, events.slice(1))).toMatchObject({ kind: 'appended' })
    expect(await log().size()).toBe(2)
  })

  test('of many at once at one sequence number exactly one wins', async () => {
    const tries = Array.from({ length: 20 }, (_, n) => log().append(stream, 0, [event('a', { n })]))
    const kinds = (await Promise.all(tries)).map(({ kind }) => kind)
    expect(kinds.filter((kind) => kind === 'appended')).toHaveLength(1)
    expect(await log().size()).toBe(1)
  })

  test('the same append sent many times at once is recorded once', async () => {
    const tries = Array.from({ length: 20 }, () => log().append(stream, 0, [event('a')]))
    const results = await Promise.all(tries)
    expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(1)
    expect(await log().size()).toBe(1)
  })

  test('streams are read apart, from any sequence number; an unknown one is empty', async () => {
    const other = 'alias:production:diabetes-risk'
    for (const seq of [0, 1, 2]) {
      await log().append(stream, seq, [event('a', { seq })])
      await log().append(other, seq, [event('b', { seq })])
    }
    const late = await log().read(stream, 1)
    expect(late.map(({ leaf, position }) => [leaf.type, leaf.seq, position])).toEqual([
      ['a', 1, 2],
      ['a', 2, 4],
    ])
    expect(await log().read('promotion:unknown')).toEqual([])
    expect(await log().read(stream, 3)).toEqual([])
  })
}

function followContract(log: () => EventLog): void {
  test('following gives the old events and then the new ones, each once', async () => {
    const stop = new AbortController()
    await log().append('governance', 0, [event('a', { n: 0 }), event('a', { n: 1 })])
    const following = take(log().follow(1, stop.signal), 3)
    await log().append('governance', 2, [event('a', { n: 2 })])
    await log().append('outside:x', 0, [event('b', { n: 3 })])
    expect((await following).map(({ position, body }) => [position, body['n']])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ])
    stop.abort()
  })

  test('following waits for a position that is still to come', async () => {
    const stop = new AbortController()
    const following = take(log().follow(2, stop.signal), 1)
    await log().append('governance', 0, [event('a'), event('b'), event('c')])
    expect((await following)[0]).toMatchObject({ position: 2, leaf: { type: 'c' } })
    stop.abort()
  })

  test('following ends when its signal aborts, also while it waits', async () => {
    const stop = new AbortController()
    const following = take(log().follow(0, stop.signal), 5)
    await log().append('governance', 0, [event('a')])
    stop.abort()
    expect((await following).length).toBeLessThanOrEqual(1)
  })
}

function textContract(store: () => TextStore): void {
  const words = { salt: 'ab'.repeat(16), text: 'It holds on every group,\nalso “élders”.' }

  test.each([
    ['a short salt', { ...words, salt: 'ab'.repeat(15) }],
    ['a salt that is not hexadecimal', { ...words, salt: 'zz'.repeat(16) }],
    ['a text above 1 MiB', { ...words, text: 'é'.repeat(524_289) }],
    ['a lone surrogate', { ...words, text: 'x\uDC00' }],
  ])('refuses %s', async (_, bad) => {
    await expect(store().putText(bad)).rejects.toMatchObject({ code: 'MALFORMED' })
  })

  test('a text comes back under the digest of its salted record', async () => {
    const digest = await store().putText(words)
    expect(digest).toBe(digestOf(canonicalJson({ ...words })))
    expect(await store().putText(words)).toBe(digest)
    expect(await store().getText(digest)).toEqual({ kind: 'present', ...words })
  })

  test('an erased text is gone for good and known to be erased', async () => {
    const digest = await store().putText(words)
    await store().eraseText(digest)
    await store().eraseText(digest)
    expect(await store().getText(digest)).toEqual({ kind: 'erased' })
    await expect(store().putText(words)).rejects.toMatchObject({ code: 'WRONG_STATE' })
    expect(await store().getText(digest)).toEqual({ kind: 'erased' })
  })

  test('what was never stored is unknown, and cannot be erased', async () => {
    const digest = digestOf('never stored')
    expect(await store().getText(digest)).toEqual({ kind: 'unknown' })
    await expect(store().eraseText(digest)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  test('a text of 1 MiB that needs escaping everywhere is kept', async () => {
    const text = '\u0001'.repeat(1_048_576)
    const digest = await store().putText({ ...words, text })
    expect(await store().getText(digest)).toMatchObject({ kind: 'present', text })
  })
}

function noteContract(notes: () => Notes): void {
  test('the latest note of a key counts, and notes are found by prefix', async () => {
    await notes().putNote('alias:a', { version: '1' })
    await notes().putNote('alias:a', { version: '2' })
    await notes().putNote('worker:x', 1)
    expect(await notes().notes('alias:')).toEqual([{ key: 'alias:a', value: { version: '2' } }])
    await expect(notes().putNote('a\nb', 1)).rejects.toMatchObject({ code: 'MALFORMED' })
  })
}

interface Command {
  readonly stream: string
  /** How far from the free sequence number the caller believes to be. */
  readonly offset: number
  readonly types: readonly string[]
}

const command: Arbitrary<Command> = record({
  stream: constantFrom('governance', 'promotion:prm_1', 'alias:production:m'),
  offset: integer({ min: -3, max: 1 }),
  types: array(constantFrom('a', 'b'), { minLength: 1, maxLength: 3 }),
})

/** The simplest log there is: a list of types for each stream. */
function expectedOf(types: readonly string[], expectedSeq: number, asked: readonly string[]) {
  if (expectedSeq === types.length) return 'new'
  const found = types.slice(expectedSeq, expectedSeq + asked.length)
  const isSame = found.length === asked.length && found.every((type, at) => type === asked[at])
  return expectedSeq < types.length && isSame ? 'again' : 'conflict'
}

function modelContract(log: () => EventLog): void {
  let round = 0

  test('any sequence of appends and retries leaves what a simple list would hold', async () => {
    const check = async (commands: readonly Command[]): Promise<void> => {
      round += 1
      const model = new Map<string, string[]>()
      const before = await log().size()
      for (const { stream: kind, offset, types } of commands) {
        const stream = `${kind}${kind === 'governance' ? ':' : '-'}${round}`
        const known = model.get(stream) ?? []
        const seq = Math.max(0, known.length + offset)
        const expected = expectedOf(known, seq, types)
        const result = await log().append(
          stream,
          seq,
          types.map((type) => event(type)),
        )
        expect(result.kind).toBe(expected === 'conflict' ? 'conflict' : 'appended')
        if (expected === 'new') model.set(stream, [...known, ...types])
      }
      for (const [stream, types] of model) {
        const read = await log().read(stream)
        expect(read.map(({ leaf }) => leaf.type)).toEqual(types)
        expect(read.map(({ leaf }) => leaf.seq)).toEqual(types.map((_, seq) => seq))
      }
      const held = [...model.values()].flat().length
      expect((await log().size()) - before).toBe(held)
      const stop = new AbortController()
      const followed = await take(log().follow(before, stop.signal), held)
      stop.abort()
      expect(followed.map(({ position }) => position - before)).toEqual(followed.map((_, at) => at))
    }
    await assert(asyncProperty(array(command, { maxLength: 12 }), check), {
      numRuns: 30,
      seed: 20_261_122,
    })
  }, 60_000)
}
