import { afterAll, beforeAll, expect, test } from 'vitest'
import { readAlias } from '../../activities/streams.js'
import { PromotionError } from '../../src/domain/errors.js'
import { isoOf } from '../../src/domain/time.js'
import type { AliasWriter } from '../../activities/registry/registry.js'
import type { AliasEvent } from '../../src/schema/event.js'
import type { PromotionId } from '../../src/schema/ids.js'
import { observeAliases } from '../../activities/observe-aliases.js'
import { openHouse, people, type House } from './support/house.js'
import { request, stateOf, untilEnded } from './support/acting.js'
import { appendToAlias, forge, releaseNow } from './support/forging.js'

let house: House

const labs = ['race', 'cut', 'done', 'stale', 'moved', 'blind', 'overtaken', 'hand', 'open']

beforeAll(async () => {
  house = await openHouse({
    labs: labs.map((name) => ({ model: `lab-${name}`, from: 'ward-forecast' })),
    releases: 4,
  })
}, 120_000)

afterAll(() => house?.close())

const ward = (model: string, version = '1') => ({ model, version, person: people.mira })

async function typesOf(model: string): Promise<readonly string[]> {
  return (await readAlias(house.log, 'production', model)).map(({ type }) => type)
}

const at = () => isoOf(Date.now())

async function intentOf(promotion: string, from: string | null = null): Promise<AliasEvent> {
  const { snapshot, version } = await stateOf(house, promotion)
  const modelDigest = snapshot?.modelDigest ?? `sha256:${'0'.repeat(64)}`
  const body = { promotion: promotion as PromotionId, from, to: version, modelDigest }
  return { type: 'alias-intended', at: at(), person: null, body }
}

/** A promotion whose release was cut off after its intent. */
async function cutOff(model: string) {
  const { promotion } = await forge(house, ward(model))
  const begun = { type: 'release-started', at: at(), person: null, body: { attempt: 1 } } as const
  const stream = `promotion:${promotion}`
  const { length } = await house.log.read(stream)
  await house.releaseDeps.log.append(stream, length, [begun])
  await appendToAlias(house, model, [await intentOf(promotion)])
  return promotion
}

test('versions in flight never move one alias at once: each intent has its outcome before the next', async () => {
  const versions = ['1', '2', '3', '4']
  for (const version of versions.slice(1)) {
    house.registryFolder.copyVersion('lab-race', '1', version)
  }
  const asked = await Promise.all(
    versions.map((version) => request(house, ward('lab-race', version))),
  )
  const states = await Promise.all(asked.map(({ promotion }) => untilEnded(house, promotion)))
  expect(states.map(({ phase }) => phase)).toEqual(versions.map(() => 'promoted'))
  const events = await readAlias(house.log, 'production', 'lab-race')
  const moves = events.flatMap((event) => (event.type === 'alias-moved' ? [event.body] : []))
  expect(moves.map(({ to }) => to).toSorted()).toEqual(versions)
  expect(moves.map(({ from }) => from)).toEqual([null, ...moves.map(({ to }) => to)].slice(0, -1))
  for (const [seq, { type }] of events.entries()) {
    expect(type === 'alias-intended').toBe(seq % 2 === 0)
  }
  expect(await house.registry.alias('lab-race', 'production')).toBe(moves.at(-1)?.to)
})

test('a release that was cut off after its intent is finished, once', async () => {
  const promotion = await cutOff('lab-cut')
  expect(await releaseNow(house, promotion)).toEqual({ kind: 'moved', from: null, aliasSeq: 1 })
  expect(await releaseNow(house, promotion)).toEqual({ kind: 'moved', from: null, aliasSeq: 1 })
  expect(await typesOf('lab-cut')).toEqual(['alias-intended', 'alias-moved'])
  expect(await house.registry.alias('lab-cut', 'production')).toBe('1')
})

test('a release that was cut off after the move only records it', async () => {
  const promotion = await cutOff('lab-done')
  house.registryFolder.setAlias('lab-done', '1')
  const never: AliasWriter = {
    moveAlias: () => Promise.reject(new Error('it was moved a second time')),
  }
  expect(await releaseNow(house, promotion, { aliases: never })).toMatchObject({ kind: 'moved' })
  expect(await typesOf('lab-done')).toEqual(['alias-intended', 'alias-moved'])
})

test('an intent that somebody else left open is undone before the next one', async () => {
  const left = await cutOff('lab-stale')
  house.registryFolder.copyVersion('lab-stale', '1', '2')
  const asked = await request(house, ward('lab-stale', '2'))
  expect((await untilEnded(house, asked.promotion)).phase).toBe('promoted')
  const events = await readAlias(house.log, 'production', 'lab-stale')
  expect(events.map(({ type }) => type)).toEqual([
    'alias-intended',
    'alias-left',
    'alias-intended',
    'alias-moved',
  ])
  expect(events[1]).toMatchObject({ body: { promotion: left, left: null } })
  expect(await house.registry.alias('lab-stale', 'production')).toBe('2')
})

test('an intent that had moved the alias is closed as moved, and the next starts from there', async () => {
  await cutOff('lab-moved')
  house.registryFolder.setAlias('lab-moved', '1')
  house.registryFolder.copyVersion('lab-moved', '1', '2')
  const asked = await request(house, ward('lab-moved', '2'))
  const state = await untilEnded(house, asked.promotion)
  expect(state).toMatchObject({ phase: 'promoted', promoted: { from: '1' } })
  const types = ['alias-intended', 'alias-moved', 'alias-intended', 'alias-moved']
  expect(await typesOf('lab-moved')).toEqual(types)
})

test('a move whose answer was lost counts by what the alias says', async () => {
  const { promotion } = await forge(house, ward('lab-blind'))
  const lossy: AliasWriter = {
    async moveAlias(...where) {
      await house.releaseDeps.aliases.moveAlias(...where)
      throw new PromotionError('REGISTRY_UNAVAILABLE', 'the connection broke')
    },
  }
  expect(await releaseNow(house, promotion, { aliases: lossy })).toMatchObject({ kind: 'moved' })
  expect(await typesOf('lab-blind')).toEqual(['alias-intended', 'alias-moved'])
})

test('a move that another release has closed as done is not taken back', async () => {
  const { promotion } = await forge(house, ward('lab-overtaken'))
  const overtaken: AliasWriter = {
    async moveAlias(...where) {
      const moved = await house.releaseDeps.aliases.moveAlias(...where)
      const closing = { ...(await intentOf(promotion)), type: 'alias-moved' } as AliasEvent
      await appendToAlias(house, 'lab-overtaken', [closing])
      return moved
    },
  }
  const first = releaseNow(house, promotion, { aliases: overtaken })
  await first.catch(() => undefined)
  expect(await releaseNow(house, promotion)).toMatchObject({ kind: 'moved', aliasSeq: 1 })
  expect(await house.registry.alias('lab-overtaken', 'production')).toBe('1')
})

test('an alias that somebody moved by hand is seen as diverged, once', async () => {
  const asked = await request(house, ward('lab-hand'))
  await untilEnded(house, asked.promotion)
  await observeAliases(house.workerDeps)
  house.registryFolder.setAlias('lab-hand', '7')
  await observeAliases(house.workerDeps)
  await observeAliases(house.workerDeps)
  const seen = (await readAlias(house.log, 'production', 'lab-hand')).filter(
    ({ type }) => type === 'alias-observed',
  )
  expect(seen).toHaveLength(1)
  expect(seen[0]).toMatchObject({ body: { version: '7', diverged: true } })
})

test('an observation says nothing while a release is under way', async () => {
  await cutOff('lab-open')
  house.registryFolder.setAlias('lab-open', '1')
  await observeAliases(house.workerDeps)
  expect(await typesOf('lab-open')).toEqual(['alias-intended'])
})
