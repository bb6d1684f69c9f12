import { createPublicKey, verify } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { timestamp, versionName } from '../../../src/schema/ids.js'
import { examples, filesBelow, governance, hexOf } from './tree.js'

const registry = join(examples, 'registry')
const bundle = z.object({
  dsseEnvelope: z.object({
    payload: z.base64(),
    payloadType: z.string(),
    signatures: z.tuple([z.object({ sig: z.base64() })]),
  }),
})
const signedStatement = z.object({
  predicate: z.object({
    resources: z.array(z.object({ name: z.string(), digest: z.string() })),
  }),
})
const listing = z.record(
  versionName,
  z.strictObject({
    createdAt: timestamp,
    tags: z.record(z.string(), z.string()),
    run: z.strictObject({ id: z.string().regex(/^[0-9a-f]{32}$/), startedAt: timestamp }),
  }),
)

function readBundle(version: string) {
  const text = readFileSync(join(registry, version, 'model.sig'), 'utf8')
  return bundle.parse(JSON.parse(text)).dsseEnvelope
}

/** Which files a signature covers with other bytes than those that lie there, or that it does not know. */
function unlikeSigned(version: string): string[] {
  const payload = Buffer.from(readBundle(version).payload, 'base64').toString()
  const { resources } = signedStatement.parse(JSON.parse(payload)).predicate
  const signed = new Map(resources.map(({ name, digest }) => [name, digest]))
  const there = filesBelow(join(registry, version)).filter((file) => file !== 'model.sig')
  const all = new Set([...signed.keys(), ...there])
  return [...all].filter(
    (file) => !there.includes(file) || signed.get(file) !== hexOf(join(registry, version, file)),
  )
}

describe('signatures', () => {
  test('version 2 is not what was signed: its model.onnx was changed, and nothing else', () => {
    expect(unlikeSigned('diabetes-risk/2')).toEqual(['model.onnx'])
  })

  test('nobody signed version 3', () => {
    expect(filesBelow(join(registry, 'diabetes-risk/3'))).not.toContain('model.sig')
  })

  test.each(['diabetes-risk/1', 'diabetes-risk/4', 'diabetes-risk/5', 'ward-forecast/1'])(
    '%s is what was signed',
    (version) => {
      expect(unlikeSigned(version)).toEqual([])
    },
  )

  test.each([1, 2, 4, 5])('that of version %i was made with the trusted key', (version) => {
    const { payload, payloadType, signatures } = readBundle(`diabetes-risk/${version}`)
    const body = Buffer.from(payload, 'base64')
    const head = `DSSEv1 ${payloadType.length} ${payloadType} ${body.length} `
    const key = createPublicKey(readFileSync(join(governance, 'keys/training-pipeline.pub')))
    const signature = Buffer.from(signatures[0].sig, 'base64')
    expect(verify('sha256', Buffer.concat([Buffer.from(head), body]), key, signature)).toBe(true)
  })
})

describe('the registry folder', () => {
  test('only version 5 is in a format that may run code', () => {
    const models = filesBelow(registry).filter((path) => basename(path).startsWith('model.'))
    const others = models.filter((path) => !/model\.(onnx|sig)$/.test(path))
    expect(others).toEqual(['diabetes-risk/5/model.joblib'])
  })

  test.each(['diabetes-risk', 'ward-forecast'])(
    'versions.json of %s lists its folders',
    (model) => {
      const text = readFileSync(join(registry, model, 'versions.json'), 'utf8')
      const folders = readdirSync(join(registry, model)).filter((name) => name !== 'versions.json')
      expect(Object.keys(listing.parse(JSON.parse(text)))).toEqual(folders.toSorted())
    },
  )
})

describe('all of the examples', () => {
  const files = filesBelow(examples)

  test('no private key lies there but those whose names say EXAMPLE-ONLY', () => {
    const holders = files.filter((file) =>
      /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(readFileSync(join(examples, file), 'latin1')),
    )
    expect(holders).toEqual(['keys/EXAMPLE-ONLY-bo.key', 'keys/EXAMPLE-ONLY-training-pipeline.key'])
  })

  test('are less than 3 MB', () => {
    const bytes = files.reduce((sum, file) => sum + statSync(join(examples, file)).size, 0)
    expect(bytes).toBeGreaterThan(100_000)
    expect(bytes).toBeLessThan(3_000_000)
  })
})
