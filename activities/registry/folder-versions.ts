import type { Stats } from 'node:fs'
import { lstat, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PromotionError } from '../../src/domain/errors.js'
import { codeOf } from './files.js'
import { type Fields, fieldsOf, parseRegistryJson, textOf, timestampOf } from './json.js'
import { assertModelName, assertVersionName, folderNameOf, quoted } from './names.js'
import type { RegistryVersion } from './registry.js'

const fileName = 'versions.json'

/** What is there, without following a link; null where nothing is. */
export async function statOf(path: string): Promise<Stats | null> {
  try {
    return await lstat(path)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes(codeOf(error) ?? '')) return null
    throw error
  }
}

function assertRealFolder(stats: Stats | null, what: string): void {
  if (stats?.isDirectory()) return
  if (stats === null) throw new PromotionError('MODEL_NOT_FOUND', `the registry holds no ${what}`)
  const why = stats.isSymbolicLink() ? 'is a link' : 'is not a folder'
  throw new PromotionError('MODEL_NOT_FOUND', `${what} ${why}`, {
    remedy: 'put a folder with copies of the files there',
  })
}

/**
 * The folder of one model.
 *
 * @param root real path of the registry, without links
 * @throws PromotionError `MODEL_NOT_FOUND`, also where a link stands in its place
 */
export async function modelFolder(root: string, model: string): Promise<string> {
  assertModelName(model)
  const folder = join(root, folderNameOf(model))
  assertRealFolder(await statOf(folder), `model ${quoted(model)}`)
  return folder
}

/** The folder of one version; as `modelFolder`. */
export async function versionFolder(root: string, model: string, version: string): Promise<string> {
  assertVersionName(model, version)
  const folder = join(await modelFolder(root, model), version)
  assertRealFolder(await statOf(folder), `version ${quoted(version)} of ${quoted(model)}`)
  return folder
}

/** What `versions.json` beside the version folders says of each; an absent file says nothing. */
export async function readVersionNotes(folder: string): Promise<Fields> {
  const what = `${fileName} of ${quoted(folder.slice(folder.lastIndexOf('/') + 1))}`
  try {
    const notes = fieldsOf(parseRegistryJson(await readFile(join(folder, fileName), 'utf8'), what))
    if (notes) return notes
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return new Map()
    throw error
  }
  throw new PromotionError('REGISTRY_UNAVAILABLE', `${what} is not a JSON object`, {
    remedy: 'write it as {"VERSION": {"createdAt": …, "tags": {…}, "run": {…}}} or remove it',
  })
}

/** One version as its folder's notes describe it; what is missing or malformed in them is null or left out. */
export function versionFrom(notes: Fields, model: string, version: string): RegistryVersion {
  const note = fieldsOf(notes.get(version))
  const run = fieldsOf(note?.get('run'))
  const runId = textOf(run?.get('id'))
  const tags = [...(fieldsOf(note?.get('tags')) ?? [])].flatMap(([key, value]) => {
    const text = textOf(value)
    return text === null ? [] : [[key, text] as const]
  })
  return {
    model,
    version,
    createdAt: timestampOf(note?.get('createdAt')),
    tags: Object.fromEntries(tags),
    run: runId === null ? null : { id: runId, startedAt: timestampOf(run?.get('startedAt')) },
  }
}
