import { expect, test } from 'vitest'
import { writeBundle, type BundleParts } from '../../../evidence/bundle.js'
import { collectBundle } from '../../../evidence/collect.js'
import { parseBundle, verifyBundleShape } from '../../../evidence/read-bundle.js'
import { createMemoryLog } from '../../../recorder/memory-log.js'
import {
  canonicalJson,
  digestOf,
  digestOfJson,
  type Digest,
} from '../../../src/domain/canonical.js'

const promotion = 'prm_11111111111111111111111111111111'
const stream = `promotion:${promotion}`
const at = '2026-11-22T20:29:00.000Z'
const result = { outcome: 'passed' }
const resultDigest = digestOfJson(result)
const verdict = { verdict: 'approved' }
const attached = digestOfJson(verdict)
const stored = new Map<string, string>([
  [resultDigest, canonicalJson(result)],
  [attached, canonicalJson(verdict)],
])
const lost = `sha256:${'e'.repeat(64)}` as const

async function parts(): Promise<BundleParts & { reason: Digest }> {
  const log = createMemoryLog()
  const reason = await log.putText({ salt: 'ab'.repeat(16), text: 'Because it is better.' })
  await log.append(stream, 0, [
    {
      type: 'requested',
      at,
      person: 'per_4f7a21',
      body: { reason, keyid: 'person:0123456789abcdef' },
    },
    {
      type: 'check-completed',
      at,
      person: null,
      body: { report: { resultDigest, attestationDigest: lost } },
    },
  ])
  const bundle = await collectBundle(
    {
      installation: 'ins_test0001',
      promotion,
      development: true,
      events: await log.read(stream),
      history: null,
    },
    {
      texts: log,
      evidence: {
        attached: async () => [{ name: 'decision', digest: attached }],
        get: async (digest) => stored.get(digest) ?? null,
      },
      publicKeys: [{ keyid: 'api:0000000000000000', pem: 'PEM' }],
      personKey: async (keyid) => `key of ${keyid}`,
    },
  )
  return { ...bundle, reason }
}

const written = async () => writeBundle(await parts(), { isRedacted: false })

/** The same bundle with one line replaced, and a manifest that agrees with it. */
function withLine(bundle: string, find: string, change: (line: string) => string): string {
  const lines = bundle.split('\n').slice(0, -2)
  const changed = lines.map((line) => (line.includes(find) ? change(line) : line))
  const manifest = { kind: 'manifest', lines: changed.map((line) => digestOf(line)), open: true }
  return [...changed, canonicalJson(manifest), ''].join('\n')
}

test('holds everything that the events name, and names what could not be had', async () => {
  const { reason } = await parts()
  const bundle = parseBundle(await written())
  expect(bundle.head).toMatchObject({ v: 'countersign-bundle/1', open: true, redacted: false })
  expect(bundle.events.map(({ leaf }) => leaf.seq)).toEqual([0, 1])
  expect(bundle.evidence).toHaveLength(2)
  expect(bundle.evidence).toEqual(
    expect.arrayContaining([
      { kind: 'evidence', digest: resultDigest, role: 'result', value: result },
      { kind: 'evidence', digest: attached, role: 'decision', value: verdict },
    ]),
  )
  expect(bundle.texts).toMatchObject([{ digest: reason, text: 'Because it is better.' }])
  expect(bundle.missing).toMatchObject([{ digest: lost, role: 'attestation' }])
  expect(bundle.keys.map(({ keyid }) => keyid)).toEqual([
    'api:0000000000000000',
    'person:0123456789abcdef',
  ])
})

test('is the same bytes for the same state, and agrees with itself', async () => {
  const bundle = await written()
  expect(await written()).toBe(bundle)
  expect(verifyBundleShape(bundle)).toEqual([])
  expect(bundle.endsWith('\n')).toBe(true)
})

test('redacted holds no text, and everything else stands', async () => {
  const bundle = writeBundle(await parts(), { isRedacted: true })
  expect(bundle).not.toContain('Because')
  expect(verifyBundleShape(bundle)).toEqual([])
})

test('says erased where a text was erased', async () => {
  const { reason, ...rest } = await parts()
  const bundle = writeBundle(
    { ...rest, texts: [{ digest: reason, erased: true }] },
    { isRedacted: false },
  )
  expect(parseBundle(bundle).texts).toEqual([{ kind: 'text', digest: reason, erased: true }])
  expect(verifyBundleShape(bundle)).toEqual([])
})

test.each([
  [
    'a changed body',
    '"requested"',
    (line: string) => line.replace('person:01', 'person:91'),
    /body of/,
  ],
  [
    'a changed text',
    '"kind":"text"',
    (line: string) => line.replace('better', 'worse'),
    /text .* was changed/,
  ],
  [
    'changed evidence',
    '"kind":"evidence"',
    (line: string) => line.replace('passed', 'failed'),
    /evidence .* was changed/,
  ],
  [
    'a line that is not canonical',
    '"kind":"key"',
    (line: string) => line.replace(',', ', '),
    /not RFC 8785/,
  ],
  [
    'a gap',
    '"requested"',
    (line: string) => line.replace('"seq":0', '"seq":7'),
    /event 0 is missing/,
  ],
  ['a line of an unknown kind', '"kind":"key"', () => '{"kind":"note"}', /cannot be read/],
])('%s is found, also where the manifest agrees', async (_, find, change, fault) => {
  const bundle = withLine(await written(), find, change)
  expect(verifyBundleShape(bundle).join('; ')).toMatch(fault)
})

test.each([
  ['cut off', (bundle: string) => bundle.split('\n').slice(0, -2).join('\n'), /cannot be read/],
  ['shorter by a line', (bundle: string) => bundle.replace(/^\{"keyid".*\n/m, ''), /manifest/],
  ['empty', () => '', /cannot be read/],
  ['no JSON', () => 'hello\n', /cannot be read/],
])('a bundle that is %s is found', async (_, change, fault) => {
  expect(verifyBundleShape(change(await written())).join('; ')).toMatch(fault)
})
