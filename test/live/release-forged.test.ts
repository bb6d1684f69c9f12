import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCheck } from '../../activities/run-check.js'
import { readAlias, readPromotion } from '../../activities/streams.js'
import { promotionStream } from '../../src/contract.js'
import { digestOf } from '../../src/domain/canonical.js'
import { fold } from '../../src/domain/evolve.js'
import { isoOf } from '../../src/domain/time.js'
import type { PromotionEvent } from '../../src/schema/event.js'
import type { ActCommand } from '../../src/schema/statement.js'
import { openHouse, people, type House } from './support/house.js'
import { digestFor, requestOf, signOffCommand, startRun, stateOf } from './support/acting.js'
import {
  append,
  follow,
  forge,
  honestly,
  quiet,
  releaseNow,
  type Claim,
} from './support/forging.js'

let house: House

beforeAll(async () => {
  house = await openHouse({
    labs: [
      { model: 'lab-honest', from: 'ward-forecast' },
      { model: 'lab-checks', from: 'ward-forecast' },
      { model: 'lab-failing', policy: (policy) => void (policy.seats = []) },
      { model: 'lab-seats' },
      { model: 'lab-foreign', from: 'ward-forecast' },
      { model: 'lab-started', from: 'ward-forecast' },
    ],
  })
}, 120_000)

afterAll(() => house?.close())

async function aliasOf(model: string) {
  const pointsTo = await house.registry.alias(model, 'production')
  return { pointsTo, moves: await readAlias(house.log, 'production', model) }
}

const untouched = { pointsTo: null, moves: [] }

/** What becomes of a release that is asked for now, and of the alias. */
async function attempted(promotion: string, model: string) {
  const { phase } = await stateOf(house, promotion)
  const released = await releaseNow(house, promotion)
  return { phase, released, alias: await aliasOf(model) }
}

function refusedFor(why: RegExp) {
  const detail = expect.stringMatching(why)
  const released = { kind: 'refused', code: 'RELEASE_REFUSED', detail }
  return { phase: 'promoting', released, alias: untouched }
}

const ward = (model: string) => ({ model, version: '1', person: people.mira })

test('a log that was written by hand but says the truth is released', async () => {
  const { promotion } = await forge(house, ward('lab-honest'))
  expect(await releaseNow(house, promotion)).toMatchObject({ kind: 'moved', from: null })
  expect(await house.registry.alias('lab-honest', 'production')).toBe('1')
})

function strangerSigner() {
  return { key: generateKeyPairSync('ed25519').privateKey, keyid: 'attestation:0123456789abcdef' }
}

const forgedChecks: readonly (readonly [string, () => Claim, RegExp])[] = [
  [
    'there is no attestation at all',
    () => async (input) => {
      const report = await honestly(house)(input)
      return { ...report, attestationDigest: digestOf('nothing') }
    },
    /attestation of provenance is missing/,
  ],
  [
    'somebody else signed the attestation',
    () => (input) => runCheck({ ...house.workerDeps, attestation: strangerSigner() }, input, quiet),
    /does not say what the log says/,
  ],
  [
    'the attestation is of another promotion',
    () => (input) => honestly(house)({ ...input, promotion: `prm_${'0'.repeat(32)}` }),
    /does not say what the log says/,
  ],
  [
    'the attestation is of another attempt',
    () => (input) => honestly(house)({ ...input, attempt: 7 }),
    /does not say what the log says/,
  ],
  [
    'the canonical result is not there',
    () => async (input) => ({
      ...(await honestly(house)(input)),
      resultDigest: digestOf('no result'),
    }),
    /does not say what the log says/,
  ],
]

test.each(forgedChecks)('a passed check is not believed where %s', async (_, claim, why) => {
  const { promotion } = await forge(house, ward('lab-checks'), claim())
  expect(await attempted(promotion, 'lab-checks')).toEqual(refusedFor(why))
})

test('a failed check that the log calls passed is not believed', async () => {
  const asked = { model: 'lab-failing', version: '4', person: people.mira }
  const { promotion } = await forge(house, asked, async (input) => {
    const report = await honestly(house)(input)
    return { ...report, outcome: 'passed', findings: [], findingCount: 0 }
  })
  expect(await attempted(promotion, 'lab-failing')).toEqual(
    refusedFor(/does not say what the log says/),
  )
})

function eventOf(command: ActCommand): PromotionEvent {
  if (command.act !== 'sign-off') throw new Error('only sign-offs are forged here')
  const { body, signed } = command
  const level = signed.signature.keyid.startsWith('person:') ? 'signed' : 'authenticated'
  const at = isoOf(Date.now())
  const { person } = signed.statement
  return { type: 'signed-off', at, person, body: { ...body, level, signed } }
}

async function ready(promotion: string): Promise<PromotionEvent> {
  const seat = async (name: string, person: string) => ({
    seat: name,
    team: null,
    person,
    decisionDigest: await digestFor(house, promotion, name),
  })
  const seats = [await seat('model-risk', people.ana), await seat('clinical-safety', people.dev)]
  return { type: 'release-ready', at: isoOf(Date.now()), person: null, body: { seats } }
}

/** A promotion whose acts the rules take as they come, since the rules read no signature. */
async function withActs(commands: (promotion: string) => Promise<readonly ActCommand[]>) {
  const { promotion } = await forge(house, ward('lab-seats'))
  for (const command of await commands(promotion)) {
    await follow(house, promotion, { kind: 'act', at: Date.now(), command })
  }
  return promotion
}

test('a release that nobody signed for is refused', async () => {
  const { promotion } = await forge(house, ward('lab-seats'))
  await append(house, promotion, [await ready(promotion)])
  const why = /the rules would not have given release-ready|nothing led to release-ready/
  expect(await attempted(promotion, 'lab-seats')).toEqual(refusedFor(why))
})

test('sign-offs whose signatures are not theirs are refused', async () => {
  const stranger = { ...strangerSigner(), keyid: house.apiSigner.keyid }
  const promotion = await withActs(async (id) => [
    await signOffCommand(house, id, 'model-risk', { person: people.ana, signer: stranger }),
    await signOffCommand(house, id, 'clinical-safety', { person: people.dev, signer: stranger }),
  ])
  expect(await attempted(promotion, 'lab-seats')).toEqual(refusedFor(/signed-off is not proven/))
})

test('one owner’s key cannot speak for another', async () => {
  const promotion = await withActs(async (id) => [
    await signOffCommand(house, id, 'model-risk', { person: people.ana }),
    await signOffCommand(house, id, 'clinical-safety', {
      person: people.dev,
      signer: house.boSigner,
    }),
  ])
  expect(await attempted(promotion, 'lab-seats')).toEqual(refusedFor(/signed-off is not proven/))
})

test('sign-offs of another promotion are no sign-offs of this one', async () => {
  const other = await forge(house, ward('lab-seats'))
  const { promotion } = await forge(house, ward('lab-seats'))
  const given = [
    await signOffCommand(house, other.promotion, 'model-risk', { person: people.ana }),
    await signOffCommand(house, other.promotion, 'clinical-safety', { person: people.dev }),
  ]
  await append(house, promotion, [...given.map(eventOf), await ready(promotion)])
  const why = /the rules would not have given signed-off/
  expect(await attempted(promotion, 'lab-seats')).toEqual(refusedFor(why))
})

test('the events of one promotion prove nothing in the stream of another', async () => {
  const { promotion } = await forge(house, ward('lab-foreign'))
  const events = await readPromotion(house.log, promotion)
  const elsewhere = `prm_${'a'.repeat(32)}`
  await append(house, elsewhere, events)
  expect(fold(await readPromotion(house.log, elsewhere)).phase).toBe('promoting')
  expect(await releaseNow(house, elsewhere)).toMatchObject({ code: 'RELEASE_REFUSED' })
  expect(await aliasOf('lab-foreign')).toEqual(untouched)
})

test('nothing is released of a promotion that the log does not know', async () => {
  expect(await releaseNow(house, `prm_${'b'.repeat(32)}`)).toMatchObject({ kind: 'unsettled' })
})

const startedBy: readonly (readonly [string, (genuine: Genuine) => unknown])[] = [
  [
    'claims another requester',
    ({ signed, body }) => ({
      body,
      signed: { ...signed, statement: { ...signed.statement, person: people.chi } },
    }),
  ],
  [
    'changes the version that was asked for',
    ({ signed, body }) => ({
      body: { ...body, version: '2' },
      signed,
    }),
  ],
  [
    'brings a signature of nobody',
    ({ signed, body }) => ({
      body,
      signed: { ...signed, signature: { ...signed.signature, sig: 'AAAA' } },
    }),
  ],
  ['brings no statement', ({ body, signed: { statement } }) => ({ body, signed: { statement } })],
]

type Genuine = Awaited<ReturnType<typeof requestOf>>['input']

test.each(startedBy)('a run that %s is refused before anything is recorded', async (_, change) => {
  const { promotion, workflowId, input } = await requestOf(house, ward('lab-started'))
  const { answer, handle } = await startRun(house, workflowId, promotion, change(input))
  expect(answer).toMatchObject({ kind: 'refused' })
  expect(await handle.result()).toMatchObject({ phase: 'none' })
  expect(await house.log.read(promotionStream(promotion))).toEqual([])
  expect(await aliasOf('lab-started')).toEqual(untouched)
})

test('a run under the id of another version is refused: the id is the lock', async () => {
  const { promotion, input } = await requestOf(house, ward('lab-started'))
  const elsewhere = 'promotion:production:lab-started:99'
  const { answer } = await startRun(house, elsewhere, promotion, input)
  expect(answer).toMatchObject({ kind: 'refused', code: 'MALFORMED' })
  expect(await aliasOf('lab-started')).toEqual(untouched)
})
