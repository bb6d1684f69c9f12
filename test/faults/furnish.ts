import { createHash, randomBytes } from 'node:crypto'
import {
  cpSync,
  createReadStream,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { signModel } from '../../activities/provenance/sign.js'
import { digestOf } from '../../src/domain/canonical.js'

/** Four files, so that a kill falls between files as well as inside of one. */
const shards = ['weights-1', 'weights-2', 'weights-3', 'weights-4']

/** Zeros as tensor, with a few bytes of its own in front so that no snapshot before holds it already. */
function writeTensor(path: string, sizeBytes: number): void {
  const tensor = { dtype: 'U8', shape: [sizeBytes], data_offsets: [0, sizeBytes] }
  const header = Buffer.from(JSON.stringify({ weights: tensor }))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  writeFileSync(path, Buffer.concat([length, header, randomBytes(16)]))
  truncateSync(path, length.length + header.length + sizeBytes)
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    hash.update(chunk as Buffer)
  }
  return hash.digest('hex')
}

async function sign(folder: string): Promise<void> {
  const names = readdirSync(folder).filter((name) => name !== 'model.sig')
  const manifest = await Promise.all(
    names.map(async (path) => ({
      path,
      size: statSync(join(folder, path)).size,
      sha256: await hashOf(join(folder, path)),
    })),
  )
  const key = readFileSync('examples/keys/EXAMPLE-ONLY-training-pipeline.key', 'utf8')
  writeFileSync(join(folder, 'model.sig'), signModel(manifest, key))
}

export interface ModelToMake {
  readonly name: string
  /** Which version of the example it is a copy of: 1 passes all checks, the evaluation of 4 fails. */
  readonly like: '1' | '4'
  /** How much it carries besides, so that copying and reading it take long enough to be killed. */
  readonly sizeMb: number
}

/** Lays a signed model of one version, `1`, into a folder registry. */
export async function addModel(registry: string, { name, like, sizeMb }: ModelToMake) {
  const folder = join(registry, name, '1')
  cpSync(`examples/registry/diabetes-risk/${like}`, folder, { recursive: true })
  for (const shard of shards) {
    writeTensor(join(folder, `${shard}.safetensors`), (sizeMb * 1_000_000) / shards.length)
  }
  await sign(folder)
  const versions = { '1': { createdAt: '2026-09-07T08:04:00.000Z', tags: {} } }
  writeFileSync(join(registry, name, 'versions.json'), JSON.stringify(versions))
}

/** A copy of the examples' governance set in which a failed check may be mended for an hour, sealed again. */
export function copyGovernance(folder: string): void {
  cpSync('examples/governance', folder, { recursive: true })
  const policy = join(folder, 'policies', 'diabetes.yaml')
  const before = readFileSync(policy)
  const after = before.toString().replace('mendWithin: 0', 'mendWithin: 1 hours')
  writeFileSync(policy, after)
  const head = join(folder, 'governance.yaml')
  const sealed = readFileSync(head, 'utf8').replace(digestOf(before), digestOf(Buffer.from(after)))
  writeFileSync(head, sealed)
}

/** The registry folder holds nothing but what tests lay into it. */
export function makeRegistry(folder: string): void {
  mkdirSync(dirname(folder), { recursive: true })
  mkdirSync(folder)
}
