import {
  assert,
  constantFrom,
  integer,
  property,
  record,
  string,
  tuple,
  type Arbitrary,
} from 'fast-check'
import { describe, expect, test } from 'vitest'
import { commandFault, isActCommand } from '../../../src/domain/command-shape.js'
import { isoOf } from '../../../src/domain/time.js'
import { actCommand } from '../../../src/schema/statement.js'
import { people, sha, signed, start } from './support.js'

const digest = integer({ min: 0, max: 9 }).map((number) => sha(String(number)))
const check = constantFrom('provenance', 'scan', 'evaluation')
const until = constantFrom(isoOf(start))
const seat = constantFrom('risk', 'a', '0-9')
const conditions = constantFrom(null, sha('terms'))
const verdict = constantFrom('approve', 'reject')
const finding = constantFrom('scan/pickle:model.pkl', 'ä', 'x'.repeat(200))

const bodies: Readonly<Record<string, Arbitrary<object>>> = {
  'sign-off': record({ seat, decisionDigest: digest, verdict, reason: digest, conditions }),
  waiver: record({ check, finding, modelDigest: digest, until, reason: digest }),
  acceptance: record({ check, resultDigest: digest, until, reason: digest }),
  withdrawal: record({ seat, reason: digest }),
  cancel: record({ reason: digest }),
  rerun: record({ check, reason: digest }),
}

const acts = Object.keys(bodies)
const proof = signed('cancel', { reason: sha('why') }, people.owner)
const development = { ...proof, statement: { ...proof.statement, development: true } }

const commands = constantFrom(...acts).chain((act) =>
  tuple(bodies[act] ?? record({}), constantFrom(proof, development)).map(
    ([body, given]): unknown => ({ act, body, signed: given }),
  ),
)

/** Every place in a value, as the names that lead to it. */
function placesIn(value: unknown): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [[]]
  const below = Object.entries(value).flatMap(([name, member]) =>
    placesIn(member).map((place) => [name].concat(place)),
  )
  return [[], ...below]
}

const nothing = Symbol('left out')

function withAt(value: unknown, [name, ...rest]: readonly string[], change: unknown): unknown {
  if (name === undefined) return change
  const members = typeof value === 'object' && value !== null ? Object.entries(value) : []
  const found = new Map<string, unknown>(members)
  const next = withAt(found.get(name), rest, change)
  if (next === nothing) found.delete(name)
  else found.set(name, next)
  return Object.fromEntries(found)
}

const oddities: readonly unknown[] = [
  nothing,
  null,
  true,
  false,
  0,
  1,
  '',
  'x',
  [],
  {},
  ['risk'],
  'constructor',
  '__proto__',
  'request',
  'sign-off',
  'passkey',
  'sha256:00',
  `sha256:${'F'.repeat(64)}`,
  `sha256:${'0'.repeat(64)}\n`,
  isoOf(start).replace('Z', '+00:00'),
  `${isoOf(start)}\n`,
  'a\u202eb',
  'x'.repeat(201),
  '\u{1f600}'.repeat(201),
  '\u{1f600}'.repeat(200),
  'a\ud800',
  'A'.repeat(2000),
  'A'.repeat(2004),
  'AAA',
  'AAA=',
  'AA=A',
  'A===',
  'QQ==',
  'per_a',
  'api:0123',
]

function agrees(command: unknown): void {
  const isGood = actCommand.safeParse(command).success
  if (isActCommand(command) === isGood) return
  throw new Error(`zod says ${isGood}, commandFault says ${commandFault(command)}`)
}

describe('the shape of a command', () => {
  test('is right for whatever the schema takes', () => {
    assert(
      property(commands, (command) => {
        expect(commandFault(command)).toBeNull()
        agrees(command)
      }),
      { numRuns: 1000 },
    )
  })

  test('is judged as the schema judges it, when anything in it is another', () => {
    const mutations = commands.chain((command) =>
      tuple(constantFrom(...placesIn(command)), constantFrom(...oddities)).map(([place, odd]) =>
        withAt(command, place, odd),
      ),
    )
    assert(property(mutations, agrees), { numRuns: 20_000 })
  })

  test('is judged as the schema judges it, when anything is added', () => {
    const additions = commands.chain((command) =>
      tuple(constantFrom(...placesIn(command)), string({ maxLength: 12 })).map(([place, name]) =>
        withAt(command, [...place, name], 'extra'),
      ),
    )
    assert(property(additions, agrees), { numRuns: 5000 })
  })

  const cancel = { act: 'cancel', body: { reason: sha('why') }, signed: proof }
  test.each([
    ['command must be an object', null],
    ['command.signed is missing', { act: 'cancel', body: {} }],
    ['command has an unknown field', { ...cancel, more: 1 }],
    ['command.act is not an act', { ...cancel, act: 'adopt' }],
    ['command.act is not of the form', { ...cancel, act: 7 }],
    ['larger than 16 KiB', { ...cancel, body: { reason: 'x'.repeat(16 * 1024) } }],
    ['body must be an object', { ...cancel, body: [] }],
    ['body.conditions must be', { ...cancel, act: 'sign-off', body: { conditions: 'x' } }],
    ['signed must be an object', { ...cancel, signed: 'x' }],
    [
      'signature.sig is not',
      { ...cancel, signed: { ...proof, signature: { keyid: 'api:0123456789abcdef', sig: 'A' } } },
    ],
    ['statement must be an object', { ...cancel, signed: { ...proof, statement: null } }],
    [
      'development must be true',
      { ...cancel, signed: { ...proof, statement: { ...proof.statement, development: false } } },
    ],
  ])('%s', (words, command) => {
    expect(commandFault(command)).toContain(words)
  })
})
