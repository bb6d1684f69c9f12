import { readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { isPromotionError, PromotionError } from '../../src/domain/errors.js'
import { versionName } from '../../src/schema/ids.js'
import { codeOf } from './files.js'
import { readFolderAlias } from './folder-aliases.js'
import { listFolder, openInFolder } from './folder-files.js'
import {
  modelFolder,
  readVersionNotes,
  statOf,
  versionFolder,
  versionFrom,
} from './folder-versions.js'
import {
  assertModelName,
  assertVersionName,
  compareVersions,
  folderNameOf,
  modelOfFolderName,
  quoted,
} from './names.js'
import { snapshotRefused } from './paths.js'
import type { ModelRegistry } from './registry.js'

export { createFolderAliasWriter } from './folder-aliases.js'

export interface FolderRegistryOptions {
  /** The folder: `MODEL/VERSION/…files`, `MODEL/versions.json` and `aliases.json`. It may itself lie behind a link. */
  readonly root: string
}

/** Runs a read; what the file system says becomes what a registry says. */
async function reading<T>(what: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    const code = codeOf(error)
    if (isPromotionError(error) || code === undefined || code === 'ABORT_ERR') throw error
    throw new PromotionError(
      'REGISTRY_UNAVAILABLE',
      `the folder registry could not read ${what}: ${code}`,
      { remedy: 'check that the folder is there and may be read' },
      { cause: error },
    )
  }
}

async function namesOfFolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
}

/** The folder whose bytes are asked for: here a link in its place is a refusal of bytes that names the path. */
async function filesFolder(root: string, model: string, version: string): Promise<string> {
  const realRoot = await realpath(root)
  assertVersionName(model, version)
  const paths = [folderNameOf(model), join(folderNameOf(model), version)]
  for (const path of paths)
    if ((await statOf(join(realRoot, path)))?.isSymbolicLink())
      throw snapshotRefused(path, 'is a link', 'put a folder with copies of the files there')
  return versionFolder(realRoot, model, version)
}

/** A registry that is a folder. Anybody who may write there may write the alias file too, so it guards nothing. */
export function createFolderRegistry({ root }: FolderRegistryOptions): ModelRegistry {
  return {
    kind: 'folder',
    guardsAlias: false,
    version: (model, version) =>
      reading(`version ${quoted(version)} of ${quoted(model)}`, async () => {
        await versionFolder(await realpath(root), model, version)
        const notes = await readVersionNotes(await modelFolder(await realpath(root), model))
        return versionFrom(notes, model, version)
      }),
    versions: (model) =>
      reading(`the versions of ${quoted(model)}`, async () => {
        const folder = await modelFolder(await realpath(root), model)
        const notes = await readVersionNotes(folder)
        return (await namesOfFolders(folder))
          .filter((name) => versionName.safeParse(name).success)
          .toSorted(compareVersions)
          .map((version) => versionFrom(notes, model, version))
      }),
    models: () =>
      reading('its models', async () => {
        const names = await namesOfFolders(await realpath(root))
        return names.flatMap((name) => modelOfFolderName(name) ?? []).toSorted()
      }),
    files: (model, version, signal) =>
      reading(`the files of version ${quoted(version)} of ${quoted(model)}`, async () =>
        listFolder(await filesFolder(root, model, version), signal),
      ),
    open: (model, version, path, signal) =>
      reading(quoted(path), async () =>
        openInFolder(await filesFolder(root, model, version), path, signal),
      ),
    alias: (model, alias) =>
      reading('its aliases', async () => {
        assertModelName(model)
        return readFolderAlias(await realpath(root), model, alias)
      }),
  }
}
