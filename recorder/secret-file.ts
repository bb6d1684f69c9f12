import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { PromotionError } from '../src/domain/errors.js'
import { syncFolder } from '../src/sync-folder.js'

const secretPattern = /^[0-9a-f]{64}$/

function invalid(path: string, what: string, remedy: string): PromotionError {
  return new PromotionError('CONFIG_INVALID', `${path} ${what}`, { remedy })
}

/**
 * Reads a secret of 32 bytes in hexadecimal.
 *
 * @returns undefined when the file does not exist
 * @throws PromotionError `CONFIG_INVALID` when others may read the file, or it holds something else
 */
export async function readSecret(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) return undefined
  if (found.mode % 0o100 !== 0) {
    throw invalid(path, 'may be read by others', `chmod 600 ${path}`)
  }
  const text = (await readFile(path, 'utf8')).trim()
  if (secretPattern.test(text)) return text
  throw invalid(path, 'does not hold a secret of 64 hexadecimal digits', 'restore it from a backup')
}

/** Reads a secret, or draws one and makes it durable (file mode 600, folder mode 700) when there is none yet. */
export async function readOrMakeSecret(path: string): Promise<string> {
  const found = await readSecret(path)
  if (found !== undefined) return found
  const folder = dirname(path)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const secret = randomBytes(32).toString('hex')
  const handle = await open(path, 'wx', 0o600)
  try {
    await handle.writeFile(`${secret}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await syncFolder(folder)
  return secret
}
