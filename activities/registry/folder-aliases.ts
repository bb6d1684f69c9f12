import { readdir, readFile, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson } from '../../src/domain/canonical.js'
import { isPromotionError, PromotionError } from '../../src/domain/errors.js'
import { codeOf, draftMark, replaceFile } from './files.js'
import { createFolderLock } from './folder-lock.js'
import { versionFolder } from './folder-versions.js'
import { fieldsOf, parseRegistryJson, textOf } from './json.js'
import { assertAliasName, assertModelName, quoted } from './names.js'
import type { AliasWriter } from './registry.js'

const fileName = 'aliases.json'

/** Which version each alias of each model points to. */
type Aliases = ReadonlyMap<string, ReadonlyMap<string, string>>

function brokenAliases(why: string): PromotionError {
  return new PromotionError('REGISTRY_UNAVAILABLE', `${fileName} of the folder registry ${why}`, {
    remedy: 'restore it from a backup: {"MODEL": {"ALIAS": "VERSION"}}',
  })
}

function aliasesOf(value: unknown): Aliases {
  const models = fieldsOf(value)
  if (!models) throw brokenAliases('is not a JSON object')
  return new Map(
    [...models].map(([model, entry]) => {
      const aliases = fieldsOf(entry)
      if (!aliases) throw brokenAliases(`holds no object for ${quoted(model)}`)
      return [model, new Map([...aliases].map(([alias, version]) => [alias, versionOf(version)]))]
    }),
  )
}

function versionOf(value: unknown): string {
  const version = textOf(value)
  if (version === null) throw brokenAliases('holds an alias that is no text')
  return version
}

async function readAliases(root: string): Promise<Aliases> {
  try {
    const text = await readFile(join(root, fileName), 'utf8')
    return aliasesOf(parseRegistryJson(text, `${fileName} of the folder registry`))
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return new Map()
    throw error
  }
}

/** @throws PromotionError `REGISTRY_UNAVAILABLE` where the file is there but not readable as aliases */
export async function readFolderAlias(
  root: string,
  model: string,
  alias: string,
): Promise<string | null> {
  const aliases = await readAliases(root)
  return aliases.get(model)?.get(alias) ?? null
}

function withAlias(aliases: Aliases, model: string, alias: string, to: string | null): Aliases {
  const changed = new Map(aliases.get(model))
  if (to === null) changed.delete(alias)
  else changed.set(alias, to)
  const all = new Map(aliases)
  if (changed.size === 0) all.delete(model)
  else all.set(model, changed)
  return all
}

function textOfAliases(aliases: Aliases): string {
  const models = [...aliases].map(([model, entry]) => [model, Object.fromEntries(entry)] as const)
  return `${canonicalJson(Object.fromEntries(models))}\n`
}

/** Drafts of writers that were killed: whoever holds the lock is the only writer, so nobody is using them. */
async function removeDrafts(root: string): Promise<void> {
  const drafts = (await readdir(root)).filter((name) => name.startsWith(`${fileName}${draftMark}`))
  await Promise.all(drafts.map((name) => rm(join(root, name), { force: true })))
}

function unavailable(error: unknown): unknown {
  if (isPromotionError(error)) return error
  const code = codeOf(error)
  if (code === undefined) return error
  return new PromotionError(
    'REGISTRY_UNAVAILABLE',
    `the folder registry could not write ${fileName}: ${code}`,
    { remedy: 'check that the folder is there, may be written, and has space left' },
    { cause: error },
  )
}

/** What only the release worker gets. Its compare-and-set holds between processes and survives a kill at any instant. */
export function createFolderAliasWriter({ root }: { readonly root: string }): AliasWriter {
  const lock = createFolderLock({ path: join(root, '.aliases.lock') })
  return {
    async moveAlias(model, alias, from, to) {
      assertModelName(model)
      assertAliasName(alias)
      try {
        if (to !== null) await versionFolder(await realpath(root), model, to)
        return await lock.run(async (stillHeld) => {
          await removeDrafts(root)
          const aliases = await readAliases(root)
          const found = aliases.get(model)?.get(alias) ?? null
          if (found !== from) return { moved: false, found }
          const text = textOfAliases(withAlias(aliases, model, alias, to))
          if (await replaceFile(join(root, fileName), text, stillHeld))
            return { moved: true, found }
          return { moved: false, found: await readFolderAlias(root, model, alias) }
        })
      } catch (error) {
        throw unavailable(error)
      }
    },
  }
}
