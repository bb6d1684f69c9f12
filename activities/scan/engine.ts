import type { Json } from '../../src/domain/canonical.js'
import type { Finding } from '../../src/schema/check.js'
import type { ScanClause, VerdictClass } from '../../src/schema/governance.js'
import type { CheckAnswer, CheckRun, ManifestEntry, ModelFiles } from '../check.js'
import { findingOf, orderedFindings } from '../finding.js'
import { createByteSource, createProgress, type ByteSource } from './byte-source.js'
import { assertOnlyOne, inspectFile, type ModelSizes } from './inspect-file.js'
import { refused } from './refusals.js'
import { classRank, inert, worstClass, type FileVerdict } from './verdict.js'

const engine = { name: 'countersign-scan', version: '1' }

/** Said in every report: a pass must not be read as more than it is. */
const limits =
  'This scan tells what the files are and what they could run when loaded. It cannot prove that the numbers inside them are honest: a backdoor trained into the weights passes it, and so does a fault in the runtime that loads them.'

interface Inspected {
  readonly entry: ManifestEntry
  readonly verdict: FileVerdict
}

async function inspectAll(
  files: ModelFiles,
  clause: ScanClause,
  run: CheckRun,
): Promise<Inspected[]> {
  const sizes: ModelSizes = new Map(files.manifest.map(({ path, size }) => [path, size]))
  const progress = createProgress(run)
  const sourceOf = (entry: ManifestEntry) => createByteSource(files, entry, run.signal, progress)
  const inspected: Inspected[] = []
  for (const entry of files.manifest) {
    run.signal.throwIfAborted()
    progress(`scanning ${entry.path}, file ${inspected.length + 1} of ${files.manifest.length}`)
    const isTooLarge = entry.size > clause.maxFileBytes
    const verdict = isTooLarge
      ? refused(entry.path, 'large-file')
      : await inspectFile(sourceOf(entry), sizes)
    inspected.push({ entry, verdict })
  }
  return Promise.all(inspected.map((one) => settleExternal(one, inspected, sourceOf)))
}

/** Bytes of no format are understood after all when an ONNX file of this model keeps its tensors there. */
async function settleExternal(
  one: Inspected,
  all: readonly Inspected[],
  sourceOf: (entry: ManifestEntry) => ByteSource,
): Promise<Inspected> {
  const { entry, verdict } = one
  if (verdict.format !== 'unknown') return one
  const ranges = all.flatMap((other) => other.verdict.external ?? [])
  const ends = ranges.filter(({ path }) => path === entry.path).map(({ end }) => end)
  // What lies behind the last tensor belongs to nobody.
  if (ends.length === 0 || Math.max(...ends) !== entry.size) return one
  return { entry, verdict: await assertOnlyOne(sourceOf(entry), inert('onnx-external-data')) }
}

function countBy(texts: readonly string[]): { [text: string]: number } {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return Object.fromEntries(counts)
}

function nothingFound(): Finding {
  return findingOf({
    rule: 'scan/no-files',
    about: null,
    severity: 'critical',
    what: 'The version holds no file.',
    why: 'There is nothing that could be checked, and nothing that could be promoted.',
    remedy: 'Register the version with its model files.',
    waivable: false,
  })
}

function summaryOf(
  files: readonly Inspected[],
  worst: VerdictClass,
  ceiling: VerdictClass,
): string {
  const above = files.filter((file) => classRank(file.verdict.verdict) > classRank(ceiling))
  const formats = countBy(files.map((file) => file.verdict.format))
  const named = Object.entries(formats).map(([format, count]) => `${count} ${format}`)
  const total = `${files.length} ${files.length === 1 ? 'file' : 'files'}`
  const [first] = above
  const text =
    first === undefined
      ? `${total}, worst class ${worst}: ${named.join(', ')}`
      : `${above.length} of ${total} above "${ceiling}", worst class ${worst}; first: ${first.verdict.format}`
  return text.slice(0, 300)
}

/**
 * Tells of every file what it is and what loading it could run, and fails where that is more than the clause allows.
 * Budgets count work, not seconds, so that the same bytes give the same answer on any machine; time is the caller's,
 * through the signal.
 *
 * @throws PromotionError `SNAPSHOT_UNSTABLE` when a file is shorter than its manifest says
 */
export async function checkScan(
  files: ModelFiles,
  clause: ScanClause,
  run: CheckRun,
): Promise<CheckAnswer> {
  const inspected = await inspectAll(files, clause, run)
  const worst = worstClass(inspected.map(({ verdict }) => verdict.verdict))
  const isEmpty = inspected.length === 0
  const found = inspected.flatMap(({ verdict }) => verdict.findings)
  const findings = orderedFindings('scan/more-findings', isEmpty ? [nothingFound()] : found)
  const listed = inspected.map(({ entry, verdict }): Json => {
    const { path, size, sha256 } = entry
    return { path, size, sha256, format: verdict.format, class: verdict.verdict }
  })
  const isPassed = !isEmpty && classRank(worst) <= classRank(clause.ceiling)
  return {
    outcome: isPassed ? 'passed' : 'failed',
    findings,
    inputs: {},
    result: {
      ceiling: clause.ceiling,
      worst: isEmpty ? 'refused' : worst,
      classes: countBy(inspected.map(({ verdict }) => verdict.verdict)),
      formats: countBy(inspected.map(({ verdict }) => verdict.format)),
      files: listed,
      limits,
    },
    summary: isEmpty ? 'no file to scan' : summaryOf(inspected, worst, clause.ceiling),
    engine,
  }
}
