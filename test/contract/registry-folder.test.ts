import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe } from 'vitest'
import { createFolderAliasWriter, createFolderRegistry } from '../../activities/registry/folder.js'
import { folderNameOf } from '../../activities/registry/names.js'
import { registryContract, type Seed } from './registry.contract.js'

let root = ''

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'countersign-registry-'))
})

afterEach(async () => {
  await rm(root, { recursive: true, force: true })
})

async function notesOf(path: string): Promise<Record<string, unknown>> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
  } catch {
    return {}
  }
}

async function seed(
  model: string,
  files: Readonly<Record<string, string>>,
  { tags = {}, startedAtMs = 0 }: Seed = {},
): Promise<string> {
  const folder = join(root, folderNameOf(model))
  await mkdir(folder, { recursive: true })
  const path = join(folder, 'versions.json')
  const notes = await notesOf(path)
  const version = String(Object.keys(notes).length + 1)
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder, version, name)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
  }
  const note = {
    createdAt: new Date().toISOString(),
    tags,
    run: { id: `run-${version}`, startedAt: new Date(startedAtMs).toISOString() },
  }
  await writeFile(path, JSON.stringify({ ...notes, [version]: note }))
  return version
}

describe('the folder registry', () => {
  registryContract(() => ({
    registry: createFolderRegistry({ root }),
    writer: createFolderAliasWriter({ root }),
    seed,
  }))
})
