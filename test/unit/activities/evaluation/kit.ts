import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CheckRun, ModelFiles } from '../../../../activities/check.js'
import {
  checkEvaluation,
  type EvaluationContext,
  type EvaluationSet,
} from '../../../../activities/evaluation/engine.js'
import { type Digest, digestOf } from '../../../../src/domain/canonical.js'
import type { EvaluationClause } from '../../../../src/schema/governance.js'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** A candidate of these files, lying in a folder of its own. */
export function candidate(files: Readonly<Record<string, Uint8Array>>): ModelFiles {
  const folder = mkdtempSync(join(tmpdir(), 'candidate-'))
  const manifest = Object.entries(files).map(([path, bytes], index) => {
    writeFileSync(join(folder, String(index)), bytes)
    return { path, size: bytes.length, sha256: sha256(bytes) }
  })
  const localPath = (path: string) =>
    join(folder, String(manifest.findIndex((one) => one.path === path)))
  return {
    modelDigest: digestOf(JSON.stringify(manifest)),
    manifest,
    signature: async () => null,
    read: async (path, offset, length) =>
      readFileSync(localPath(path)).subarray(offset, offset + length),
    localPath,
  }
}

export function setOf(bytes: string | Uint8Array): EvaluationSet {
  const path = join(mkdtempSync(join(tmpdir(), 'set-')), 'set')
  writeFileSync(path, bytes)
  return setAt(path)
}

export function setAt(path: string): EvaluationSet {
  const digest: Digest = `sha256:${sha256(readFileSync(path))}`
  return { id: 'people', kind: 'held-out', digest, path, synthetic: true }
}

export const clauseOf = (changes: Partial<EvaluationClause> = {}): EvaluationClause => ({
  set: 'people',
  openSet: null,
  label: 'ill',
  positive: 'yes',
  features: ['a', 'b'],
  output: 'score',
  threshold: 0.5,
  overall: { accuracy: { atLeast: 0.5 }, auc: {}, balancedAccuracy: {}, brier: {} },
  groups: [],
  comparesChampion: false,
  ...changes,
})

/**
 * 40 rows in two groups of 20. With scores of sigmoid(a - b / 4), `a` decides: 12 of F and 12 of M are
 * selected, of whom 8 are ill; 2 of those who are not selected are.
 */
export function peopleRows(): string[] {
  return Array.from({ length: 40 }, (_, row) => {
    const step = row % 20
    const selected = step < 12
    const ill = selected ? step < 8 : step < 14
    return `${selected ? 2 : -2},${step},${ill ? 'yes' : 'no'},${row < 20 ? 'F' : 'M'},${row % 2 ? 'red' : 'blue'}`
  }).map((line) => {
    // b / 4 would reach over 2 otherwise.
    const [a, b, ...rest] = line.split(',')
    return [a, String(Number(b) / 4), ...rest].join(',')
  })
}

export const peopleHeader = 'a,b,ill,sex,colour'
export const peopleCsv = (rows: readonly string[] = peopleRows(), header = peopleHeader) =>
  `${[header, ...rows].join('\n')}\n`

export const quietRun = (): CheckRun => ({
  signal: new AbortController().signal,
  onProgress: () => undefined,
})

export const limits = { deadlineMs: 60_000, memoryMb: 1024 }

/** Evaluates one ONNX model on a set, with everything else as the policy's default. */
export async function evaluated(
  model: Uint8Array,
  set: string | Uint8Array | EvaluationSet = peopleCsv(),
  clause: Partial<EvaluationClause> = {},
  context: Partial<EvaluationContext> = {},
) {
  const known = typeof set === 'string' || set instanceof Uint8Array ? setOf(set) : set
  const files = candidate({ 'model.onnx': model })
  return checkEvaluation(files, clauseOf(clause), { set: known, limits, ...context }, quietRun())
}
