import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { localModelFiles } from '../../../../activities/local-files.js'
import { checkScan } from '../../../../activities/scan/engine.js'
import { canonicalJson } from '../../../../src/domain/canonical.js'
import { finding } from '../../../../src/schema/check.js'
import { scanClause, verdictClass } from '../../../../src/schema/governance.js'
import { goodSafetensors, memoryFiles, onnxOf, quietRun } from './builders.js'
import { scanAll } from './scan-of.js'

const clause = scanClause.parse({})

test('one bad file among good ones fails the model', async () => {
  const { answer } = await scanAll({
    'model.onnx': onnxOf(),
    'weights.safetensors': goodSafetensors(),
    'sub/extra.bin': Buffer.from([1, 2, 3]),
  })
  expect(answer).toMatchObject({
    outcome: 'failed',
    result: { worst: 'refused', classes: { inert: 2, refused: 1 } },
    findings: [{ id: 'scan/unknown:sub/extra.bin' }],
  })
})

test('a model without files is not understood', async () => {
  const files = { ...memoryFiles({ a: 'x' }), manifest: [] }
  expect(await checkScan(files, clause, quietRun())).toMatchObject({
    outcome: 'failed',
    result: { worst: 'refused' },
    findings: [{ id: 'scan/no-files', waivable: false }],
  })
})

test('a file above the limit of the policy is refused unread', async () => {
  const files = memoryFiles({ 'model.onnx': onnxOf() })
  const read = vi.fn<typeof files.read>(files.read)
  const answer = await checkScan({ ...files, read }, { ...clause, maxFileBytes: 10 }, quietRun())
  expect(answer).toMatchObject({
    outcome: 'failed',
    findings: [{ id: 'scan/large-file:model.onnx' }],
  })
  expect(read).not.toHaveBeenCalled()
})

test('no ceiling that a policy may set lets a malformed file or a pickle pass', async () => {
  const files = memoryFiles({ a: '{', b: Buffer.from([0x80, 4, 0x4e, 0x2e]) })
  for (const ceiling of scanClause.shape.ceiling.unwrap().options) {
    const answer = await checkScan(files, { ...clause, ceiling }, quietRun())
    expect(answer.outcome).toBe('failed')
  }
})

test('a file shorter than its manifest is an error, not a verdict', async () => {
  const files = memoryFiles({ 'model.onnx': onnxOf() })
  const read = async (path: string, offset: number, length: number) =>
    (await files.read(path, offset, length)).subarray(0, 5)
  await expect(checkScan({ ...files, read }, clause, quietRun())).rejects.toMatchObject({
    code: 'SNAPSHOT_UNSTABLE',
  })
})

test('it stops when it is told to', async () => {
  const stop = new AbortController()
  const files = memoryFiles({ 'a.txt': 'a', 'b.txt': 'b' })
  const read: typeof files.read = (...range) => {
    stop.abort(new Error('stopped'))
    return files.read(...range)
  }
  const run = { signal: stop.signal, onProgress: () => undefined }
  await expect(checkScan({ ...files, read }, clause, run)).rejects.toThrow('stopped')
})

test('it says what it is at, and never a byte of the model', async () => {
  const onProgress = vi.fn<(what: string) => void>()
  await checkScan(memoryFiles({ 'a.txt': 'secret' }), clause, { ...quietRun(), onProgress })
  expect(onProgress).toHaveBeenCalledWith(expect.stringContaining('a.txt'))
  expect(JSON.stringify(onProgress.mock.calls)).not.toContain('secret')
})

test('the same bytes give the same answer, and the answer says what a scan cannot prove', async () => {
  const contents = {
    'model.onnx': onnxOf(),
    'x.pkl': Buffer.from([0x80, 4, 0x4e, 0x2e]),
    'a.json': '{',
  }
  const [first, second] = [await scanAll(contents), await scanAll(contents)]
  expect(canonicalJson(first.answer.result)).toBe(canonicalJson(second.answer.result))
  expect(first.answer.findings).toEqual(second.answer.findings)
  expect(first.answer.result).toMatchObject({ limits: expect.stringContaining('cannot prove') })
})

test('findings fit the schema, whatever the files are called', async () => {
  const names = [
    'x'.repeat(240),
    `${'x'.repeat(239)}y`,
    '😀'.repeat(60),
    'a'.repeat(196),
    'ok:with:colons',
  ]
  const { answer } = await scanAll(
    Object.fromEntries(names.map((name) => [name, Buffer.from([1])])),
  )
  for (const one of answer.findings) expect(finding.parse(one)).toEqual(one)
  expect(new Set(answer.findings.map(({ id }) => id)).size).toBe(names.length)
  expect(answer.summary.length).toBeLessThanOrEqual(300)
})

test('more findings than a report holds are counted, the worst are kept, and nobody can waive the rest', async () => {
  const many = Object.fromEntries(
    Array.from({ length: 1200 }, (_, n) => [`f${n}`, Buffer.from([1])]),
  )
  const { answer } = await scanAll({ ...many, evil: 'cos\nsystem\n(S"id"\ntR.' })
  expect(answer.findings).toHaveLength(1000)
  expect(answer.findings[0]).toMatchObject({ id: 'scan/more-findings', waivable: false })
  expect(answer.findings[1]).toMatchObject({ id: 'scan/pickle:evil', waivable: false })
})

const registry = 'examples/registry'
const examples = readdirSync(registry, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('model.onnx'))
  .map((path) => join(registry, path, '..'))

test.each(examples)('the real model in %s, made by skl2onnx, is inert', async (folder) => {
  const answer = await checkScan(await localModelFiles(folder), clause, quietRun())
  expect(answer).toMatchObject({
    outcome: 'passed',
    result: { worst: 'inert', formats: { onnx: 1 } },
  })
})

test('the example in joblib is refused by name', async () => {
  const answer = await checkScan(
    await localModelFiles(`${registry}/diabetes-risk/5`),
    clause,
    quietRun(),
  )
  expect(answer.outcome).toBe('failed')
  expect(answer.findings.map(({ id }) => id)).toContain('scan/pickle:model.joblib')
})

test('there is a real example at all', () => {
  expect(examples.length).toBeGreaterThan(3)
  expect(verdictClass.options[0]).toBe('inert')
})
