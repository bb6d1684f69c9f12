import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Digest } from '../../src/domain/canonical.js'
import type { CheckRun } from '../check.js'

export interface SetCopy {
  readonly path: string
  readonly digest: Digest
  remove(): Promise<void>
}

/**
 * Copies the evaluation set while it hashes it: what was compared with the policy's digest is what is read,
 * even if the file is replaced in between.
 *
 * @throws the file system's error where the set cannot be read
 */
export async function copySet(path: string, run: CheckRun): Promise<SetCopy> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-set-'))
  const remove = async () => rm(folder, { recursive: true, force: true })
  const target = join(folder, 'set')
  const hash = createHash('sha256')
  let copied = 0
  let told = 0
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      copied += chunk.length
      if (copied - told > 64 * 1024 * 1024) {
        told = copied
        run.onProgress(`evaluation: ${copied} bytes of the set read`)
      }
      done(null, chunk)
    },
  })
  try {
    await pipeline(createReadStream(path), hashing, createWriteStream(target, { mode: 0o400 }), {
      signal: run.signal,
    })
    return { path: target, digest: `sha256:${hash.digest('hex')}`, remove }
  } catch (error) {
    await remove()
    throw error
  }
}
