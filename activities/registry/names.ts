import { PromotionError } from '../../src/domain/errors.js'
import { modelName, versionName } from '../../src/schema/ids.js'

/** Files of the registry's own that lie where model folders lie. */
const reservedNames = new Set(['aliases.json'])
const unsafeInFolderNames = /[\p{Cc}%/\\:*?"<>|]/gu
const unseen = /[\p{C}\p{Zl}\p{Zp}]/gu
const longestShown = 200

/** A name from outside as a message may show it: quoted, shortened, with everything that a reader cannot see spelled out. */
export function quoted(name: string): string {
  const shown = name.length > longestShown ? `${name.slice(0, longestShown)}…` : name
  return JSON.stringify(shown).replaceAll(
    unseen,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  )
}

function percentEncoded(text: string): string {
  return [...Buffer.from(text, 'utf8')]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('')
}

/**
 * The folder that holds a model: its name, percent-encoded only where a file system or the registry's own files need it,
 * so that `fraud-eu` stays `fraud-eu`.
 */
export function folderNameOf(model: string): string {
  const encoded = model
    .replaceAll(unsafeInFolderNames, percentEncoded)
    .replace(/[. ]$/, percentEncoded)
  return encoded.startsWith('.') || reservedNames.has(encoded)
    ? percentEncoded(encoded.slice(0, 1)) + encoded.slice(1)
    : encoded
}

/** The model that a folder holds, or null where no model would be written under that name. */
export function modelOfFolderName(folder: string): string | null {
  try {
    const model = decodeURIComponent(folder)
    return modelName.safeParse(model).success && folderNameOf(model) === folder ? model : null
  } catch {
    return null
  }
}

/** @throws PromotionError `MODEL_NOT_FOUND`: no registry of ours can hold a model of that name */
export function assertModelName(model: string): void {
  const parsed = modelName.safeParse(model)
  if (parsed.success) return
  const why = parsed.error.issues[0]?.message ?? 'not a name'
  throw new PromotionError('MODEL_NOT_FOUND', `no model can be called ${quoted(model)}: ${why}`)
}

/** @throws PromotionError `MODEL_NOT_FOUND`: no version can have that name */
export function assertVersionName(model: string, version: string): void {
  assertModelName(model)
  const parsed = versionName.safeParse(version)
  if (parsed.success) return
  const why = parsed.error.issues[0]?.message ?? 'not a name'
  throw new PromotionError(
    'MODEL_NOT_FOUND',
    `no version of ${quoted(model)} can be called ${quoted(version)}: ${why}`,
  )
}

/** @throws PromotionError `MALFORMED` */
export function assertAliasName(alias: string): void {
  if (versionName.safeParse(alias).success) return
  throw new PromotionError('MALFORMED', `${quoted(alias)} cannot be an alias`, {
    remedy: 'use 1 to 64 of A-Z a-z 0-9 . _ -',
  })
}

const byNumber = new Intl.Collator('en', { numeric: true })

/** Versions in the order a person expects: 2 before 10. */
export function compareVersions(a: string, b: string): number {
  return byNumber.compare(a, b) || (a < b ? -1 : Number(a > b))
}
