import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOf, type Digest } from '../src/domain/canonical.js'
import { PromotionError } from '../src/domain/errors.js'
import { digest as digestSchema } from '../src/schema/ids.js'
import type { StoredText, TextStore } from './event-log.js'
import { parseOrRefuse } from './event-rules.js'
import { unavailableFrom } from './log/log-fault.js'
import { syncFolder } from '../src/sync-folder.js'
import { openLogFile } from './log/log-file.js'
import { saltedText, sealText, type SealedText } from './texts/salted-text.js'
import { erasedAlready, unknownText } from './texts/text-faults.js'

const textsFolder = 'payloads/texts'
const tombstone = '{"erased":true}'

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

async function isThere(path: string): Promise<boolean> {
  const found = await stat(path).catch((error: unknown) => {
    if (!isMissing(error)) throw error
  })
  return found !== undefined
}

function damaged(digest: Digest, cause?: unknown): PromotionError {
  return new PromotionError(
    'EVIDENCE_MISSING',
    `the text ${digest} is damaged on the disk`,
    { remedy: 'restore payloads/texts from a backup' },
    { cause },
  )
}

/** A text holds no zero byte; one that does was being erased when the process died. */
function isErased(bytes: Buffer): boolean {
  return bytes.includes(0) || bytes.toString('utf8') === tombstone
}

function textIn(bytes: Buffer, digest: Digest): StoredText {
  if (isErased(bytes)) return { kind: 'erased' }
  if (digestOf(bytes) !== digest) throw damaged(digest)
  return { kind: 'present', ...saltedText.parse(JSON.parse(bytes.toString('utf8'))) }
}

/** Puts a whole file into place, durably: either the old or the new one is there, whenever the power fails. */
async function replaceFile(folder: string, name: string, content: string): Promise<void> {
  const temporary = join(folder, `.${name}.${randomUUID()}`)
  try {
    const handle = await open(temporary, 'wx', 0o600)
    try {
      await handle.writeFile(content)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, join(folder, name))
  } catch (error) {
    await unlink(temporary).catch(() => undefined)
    throw error
  }
  await syncFolder(folder)
}

/** Writes zeros over the old bytes where they lie. (A disk that remaps its blocks may keep a copy of its own.) */
async function overwrite(path: string): Promise<void> {
  const file = await openLogFile(path)
  try {
    await file.write(0, Buffer.alloc(await file.size()))
    await file.sync()
  } finally {
    await file.close()
  }
}

function nameOf(digest: Digest): string {
  return `${parseOrRefuse(digestSchema, digest, 'digest').slice('sha256:'.length)}.json`
}

/** Removes what a killed writer left half done: it may hold words that were to be erased. */
async function clearTemporaries(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith('.')) await unlink(join(folder, name))
  }
}

/** One task at a time for each key, so that a late repeat cannot bring back what was erased meanwhile. */
function createTurns(): <T>(key: string, task: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>()
  return async (key, task) => {
    const before = last.get(key)
    const turn = (async () => {
      await before?.catch(() => undefined)
      return task()
    })()
    last.set(key, turn)
    try {
      return await turn
    } finally {
      if (last.get(key) === turn) last.delete(key)
    }
  }
}

/**
 * Keeps people's words as one file each below a data folder, named by digest.
 *
 * @returns a store whose methods throw `MALFORMED`, `LOG_UNAVAILABLE` (disk), `WRONG_STATE` (put after erase),
 *   `NOT_FOUND` (erase of what never was) and `EVIDENCE_MISSING` (damaged)
 */
export async function openTextStore(dir: string): Promise<TextStore> {
  const folder = join(dir, textsFolder)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await clearTemporaries(folder)
  await syncFolder(join(dir, 'payloads'))

  async function getText(digest: Digest): Promise<StoredText> {
    try {
      return textIn(await readFile(join(folder, nameOf(digest))), digest)
    } catch (error) {
      if (isMissing(error)) return { kind: 'unknown' }
      throw error
    }
  }

  async function put({ line, digest }: SealedText): Promise<Digest> {
    const found = await getText(digest)
    if (found.kind === 'erased') throw erasedAlready(digest)
    if (found.kind === 'unknown') await replaceFile(folder, nameOf(digest), line)
    return digest
  }

  async function erase(digest: Digest): Promise<void> {
    const name = nameOf(digest)
    if (!(await isThere(join(folder, name)))) throw unknownText(digest)
    await overwrite(join(folder, name))
    await replaceFile(folder, name, tombstone)
  }

  const inTurn = createTurns()
  return {
    getText,
    async putText(record) {
      const sealed = sealText(record)
      return inTurn(sealed.digest, () => put(sealed)).catch((error: unknown) => {
        throw unavailableFrom(error, folder)
      })
    },
    async eraseText(digest) {
      await inTurn(digest, () => erase(digest)).catch((error: unknown) => {
        throw unavailableFrom(error, folder)
      })
    },
  }
}
