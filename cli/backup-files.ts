import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { chmod, copyFile, lstat, mkdir, open, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { hexSha256, timestamp } from '../src/schema/ids.js'

export const manifestName = 'backup.json'

const entry = z.strictObject({
  path: z
    .string()
    .max(1024)
    .regex(/^(?!.*(^|\/)\.\.?(\/|$))[^\p{C}\\/][^\p{C}\\]*$/u),
  size: z.int().min(0),
  sha256: hexSha256,
  mode: z.int().min(0).max(0o777),
})

/** What a backup holds, written last: without it the copy did not come to its end. */
export const backupManifest = z.strictObject({
  v: z.literal('countersign-backup/1'),
  createdAt: timestamp,
  files: z.array(entry),
})

export type BackupEntry = z.infer<typeof entry>

/** Logs are talk, locks are of a process that will be gone. */
const leftOut = /^logs\/|(^|\/)(start\.pid|pid|recorder\.lock[^/]*)$|\.draft$/

async function pathsBelow(root: string, below = ''): Promise<readonly string[]> {
  const entries = await readdir(join(root, below), { withFileTypes: true })
  const found: string[] = []
  for (const one of entries) {
    const path = below === '' ? one.name : `${below}/${one.name}`
    if (one.isDirectory()) found.push(...(await pathsBelow(root, path)))
    else if (one.isFile() && !leftOut.test(path)) found.push(path)
  }
  return found
}

export function filesOf(home: string): Promise<readonly string[]> {
  return pathsBelow(home)
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Copies one file with its mode, durably, and says what was copied. */
export async function copyEntry(from: string, to: string, path: string): Promise<BackupEntry> {
  const target = join(to, path)
  await mkdir(dirname(target), { recursive: true, mode: 0o700 })
  await copyFile(join(from, path), target)
  const { mode } = await lstat(join(from, path))
  await chmod(target, mode & 0o777)
  await sync(target)
  const { size } = await lstat(target)
  return { path, size, sha256: await sha256Of(target), mode: mode & 0o777 }
}
