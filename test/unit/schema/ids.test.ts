import { expect, test } from 'vitest'
import {
  environmentName,
  lineOfText,
  modelName,
  nonce,
  personId,
  reasonText,
  slug,
  timestamp,
  versionName,
} from '../../../src/schema/ids.js'
import { waiverBody } from '../../../src/schema/statement.js'

const invisible = [
  '\u0000',
  '\u001b',
  '\u202e',
  '\u2066',
  '\u200b',
  '\ufeff',
  '\ud800',
  '\u2028',
  '\ue000',
]

test.each([
  ['modelName', modelName, ['a', 'Diabetes risk 2', 'größe', '模型', 'm'.repeat(128)]],
  ['versionName', versionName, ['1', 'v1.2_3-a', 'A'.repeat(64)]],
  ['environmentName', environmentName, ['production', 'a1-b']],
  ['slug', slug, ['0', 'model-risk', 'a'.repeat(64)]],
  ['personId', personId, ['per_4f7a21', 'mac_0001']],
  ['nonce', nonce, ['12345678', '~'.repeat(128)]],
  ['timestamp', timestamp, ['2026-11-22T20:29:00.000Z']],
])('%s takes %j', (_, schema, good) => {
  expect(good.filter((text) => !schema.safeParse(text).success)).toEqual([])
})

test.each([
  [
    'modelName',
    modelName,
    ['', ' a', 'a ', '.', '..', 'a/b', 'a\\b', 'a:b', 'e\u0301', 'm'.repeat(129)],
  ],
  ['versionName', versionName, ['', '.1', '-1', '1/2', '1 2', 'ü', 'A'.repeat(65)]],
  ['environmentName', environmentName, ['', 'Production', '1a', 'a_b', 'a'.repeat(33)]],
  ['slug', slug, ['', '-a', 'A', 'a_b', '__proto__', 'a'.repeat(65)]],
  ['personId', personId, ['per_', 'per_ABCD', 'rita', 'PER_4f7a21']],
  ['nonce', nonce, ['1234567', 'a b c d e', 'x'.repeat(129), 'ü2345678']],
  ['timestamp', timestamp, ['2026-11-22', '2026-11-22T20:29:00Z', '2026-11-22T20:29:00.000+00:00']],
])('%s refuses %j', (_, schema, bad) => {
  const hostile = [...bad, ...invisible.map((character) => `abcdefgh${character}`)]
  expect(hostile.filter((text) => schema.safeParse(text).success)).toEqual([])
})

test('what people write may have lines, but nothing that a reader cannot see', () => {
  expect(reasonText.parse('  It holds.\n\tSee the report. ')).toBe('It holds.\n\tSee the report.')
  expect(reasonText.safeParse(' \n ').success).toBe(false)
  expect(reasonText.safeParse('x'.repeat(2001)).success).toBe(false)
  expect(lineOfText.safeParse('two\nlines').success).toBe(false)
  const seen = invisible.filter((character) => reasonText.safeParse(`a${character}b`).success)
  expect(seen).toEqual([])
})

test('a waiver names a finding by an id that everybody can read', () => {
  const digest = `sha256:${'0'.repeat(64)}`
  const body = {
    check: 'scan',
    modelDigest: digest,
    until: '2026-11-22T20:29:00.000Z',
    reason: digest,
  }
  const takes = (finding: string) => waiverBody.safeParse({ ...body, finding }).success
  expect(takes('scan/pickle:model.pkl')).toBe(true)
  expect(['', 'a\u202eb', 'a\nb', 'a\ud800', 'x'.repeat(201)].filter(takes)).toEqual([])
})
