import { createHash } from 'node:crypto'
import { PromotionError } from '../../src/domain/errors.js'
import type { Finding } from '../../src/schema/check.js'
import type { CheckRun, ManifestEntry, ModelFiles } from '../check.js'
import { findingOf } from '../finding.js'
import { malformedBundle } from './bundle.js'
import type { Resource, SignedStatement } from './statement.js'

const readBytes = 1_048_576

interface Shard {
  readonly path: string
  readonly start: number
  readonly end: number
  readonly digest: string
}

function changedFile(path: string): Finding {
  return findingOf({
    rule: 'provenance/changed-file',
    about: path,
    severity: 'critical',
    what: 'The file is not the one that was signed: its digest differs.',
    why: 'Somebody or something changed it after its maker signed it; what it is now, nobody answers for.',
    remedy: 'Register the bytes that were signed, or have their maker sign the new ones.',
    waivable: false,
  })
}

function missingFile(path: string): Finding {
  return findingOf({
    rule: 'provenance/missing-file',
    about: path,
    severity: 'high',
    what: 'The signature covers this file, and the version does not hold it.',
    why: 'The model is not the one that was signed; what is missing may change how the rest is loaded.',
    remedy: 'Register the version with all of its files, or have its maker sign what there is.',
    waivable: false,
  })
}

function extraFile(path: string, isEmptyShard: boolean): Finding {
  return findingOf({
    rule: 'provenance/extra-file',
    about: path,
    severity: 'high',
    what: isEmptyShard
      ? 'The file is empty, and a signature by shards does not cover empty files.'
      : 'The version holds this file, and the signature does not cover it.',
    why: 'A file that rides along with a signed model is loaded like the rest, and anybody may have put it there.',
    remedy: isEmptyShard
      ? 'Leave the file out, or sign whole files instead of shards.'
      : 'Leave the file out, or have the maker sign the model with it.',
  })
}

function ignoredFile(path: string): Finding {
  return findingOf({
    rule: 'provenance/ignored-file',
    about: path,
    severity: 'high',
    what: 'The signature leaves this file out on purpose, and the version holds it.',
    why: 'What a signature ignores may be exchanged at any time without anybody noticing.',
    remedy: 'Register the version without it.',
  })
}

function shardOf({ name, digest }: Resource): Shard {
  // From the right: a file's name may hold colons.
  const found = /^(.+):(0|[1-9]\d{0,15}):([1-9]\d{0,15})$/.exec(name)
  const [, path = '', start = '', end = ''] = found ?? []
  if (!found) throw malformedBundle('a shard is not named path:start:end')
  return { path, start: Number(start), end: Number(end), digest }
}

async function digestOfRange(files: ModelFiles, shard: Shard, run: CheckRun): Promise<string> {
  const hash = createHash('sha256')
  for (let at = shard.start; at < shard.end;) {
    run.signal.throwIfAborted()
    const bytes = await files.read(shard.path, at, Math.min(readBytes, shard.end - at))
    if (bytes.length === 0) {
      throw new PromotionError('SNAPSHOT_UNSTABLE', `${shard.path} ended at byte ${at}`, {
        remedy: 'Leave the files alone while they are checked, then run the check again.',
      })
    }
    hash.update(bytes)
    at += bytes.length
  }
  return hash.digest('hex')
}

function tiles(shards: readonly Shard[], size: number, shardBytes: number): boolean {
  const sorted = shards.toSorted((a, b) => a.start - b.start)
  const isEven = sorted.every(
    ({ start, end }, index) =>
      start === index * shardBytes && end === Math.min(start + shardBytes, size),
  )
  return isEven && sorted.at(-1)?.end === size
}

async function isShardedFile(
  files: ModelFiles,
  entry: ManifestEntry,
  shards: readonly Shard[],
  context: { readonly shardBytes: number; readonly run: CheckRun },
): Promise<boolean> {
  if (!tiles(shards, entry.size, context.shardBytes)) return false
  for (const shard of shards) {
    context.run.onProgress(`hashing ${shard.path} from byte ${shard.start}`)
    if ((await digestOfRange(files, shard, context.run)) !== shard.digest) return false
  }
  return true
}

type Compare = (entry: ManifestEntry) => Promise<'same' | 'changed' | 'uncovered'>

function compareFiles(resources: readonly Resource[]): { paths: Set<string>; compare: Compare } {
  const signed = new Map(resources.map(({ name, digest }) => [name, digest]))
  const compare: Compare = ({ path, sha256 }) => {
    const digest = signed.get(path)
    if (digest === undefined) return Promise.resolve('uncovered')
    return Promise.resolve(digest === sha256 ? 'same' : 'changed')
  }
  return { paths: new Set(signed.keys()), compare }
}

function compareShards(
  files: ModelFiles,
  resources: readonly Resource[],
  context: { readonly shardBytes: number; readonly run: CheckRun },
): { paths: Set<string>; compare: Compare } {
  const byPath = new Map<string, Shard[]>()
  for (const shard of resources.map((resource) => shardOf(resource))) {
    const shards = byPath.get(shard.path)
    if (shards) shards.push(shard)
    else byPath.set(shard.path, [shard])
  }
  const compare: Compare = async (entry) => {
    const shards = byPath.get(entry.path)
    if (shards === undefined) return 'uncovered'
    return (await isShardedFile(files, entry, shards, context)) ? 'same' : 'changed'
  }
  return { paths: new Set(byPath.keys()), compare }
}

/**
 * Compares what was signed with what there is, both ways: every file must be covered, every resource present.
 *
 * @throws BundleRefused for shards that are no shards; PromotionError `SNAPSHOT_UNSTABLE`
 */
export async function coverageFindings(
  files: ModelFiles,
  { resources, shardBytes, ignored }: SignedStatement,
  run: CheckRun,
): Promise<Finding[]> {
  const { paths, compare } =
    shardBytes === null
      ? compareFiles(resources)
      : compareShards(files, resources, { shardBytes, run })
  const present = new Set(files.manifest.map(({ path }) => path))
  const findings = [...paths].filter((path) => !present.has(path)).map((path) => missingFile(path))
  for (const entry of files.manifest) {
    run.signal.throwIfAborted()
    const answer = await compare(entry)
    const [top = ''] = entry.path.split('/')
    if (ignored.includes(top)) findings.push(ignoredFile(entry.path))
    else if (answer === 'changed') findings.push(changedFile(entry.path))
    else if (answer === 'uncovered') {
      findings.push(extraFile(entry.path, shardBytes !== null && entry.size === 0))
    }
  }
  return findings
}
