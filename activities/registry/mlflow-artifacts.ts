import { PromotionError } from '../../src/domain/errors.js'
import { fieldsOf, listOf, textOf, wholeNumberOf, type Fields } from './json.js'
import type { MlflowClient } from './mlflow-client.js'
import { quoted } from './names.js'
import {
  assertFewEnough,
  assertSafePath,
  assertSafePaths,
  snapshotRefused,
  snapshotUnstable,
} from './paths.js'
import type { RegistryFile } from './registry.js'

const artifactsPath = '/api/2.0/mlflow-artifacts/artifacts'
const proxied = /^mlflow-artifacts:\/(?!\/)(?<path>.+?)\/*$/
/** MLflow decodes paths twice, so such a name would fetch another file than the one that was listed. */
const decodable = /%[0-9a-f]{2}/i

const remedy =
  'run the tracking server with --serve-artifacts and register the version through it, so that its source is mlflow-artifacts:/…'

/** What MLflow says of a folder's entry: always one plain name. */
interface Entry {
  readonly path: string
  readonly isFolder: boolean
  readonly sizeBytes: number
}

function refusedSource(uri: string): PromotionError {
  return new PromotionError(
    'SNAPSHOT_REFUSED',
    `the files lie at ${quoted(uri)}, outside the tracking server's own artifact store`,
    { remedy },
  )
}

/**
 * Where in the server's artifact store a version's files lie. The server names that place; it is used as a path of the
 * one address that we talk to, never as an address.
 *
 * @throws PromotionError `SNAPSHOT_REFUSED` for every other kind of place
 */
export function artifactRootOf(uri: string): string {
  const path = proxied.exec(uri)?.groups?.['path']
  if (path === undefined || /[?#]/.test(path)) throw refusedSource(uri)
  assertSafePath(path)
  assertAskable(path)
  return path
}

function assertAskable(path: string): void {
  if (decodable.test(path))
    throw snapshotRefused(
      path,
      'holds a percent sign before two hexadecimal digits, which MLflow decodes',
      'rename it and register a new version',
    )
}

function entryOf(fields: Fields | null, parent: string): Entry {
  const name = textOf(fields?.get('path'))
  if (!fields || name === null)
    throw new PromotionError('REGISTRY_UNAVAILABLE', `MLflow listed a nameless file in ${parent}`)
  if (name.includes('/'))
    throw snapshotRefused(`${parent}${name}`, 'is listed as more than one name', 'rename it')
  const path = `${parent}${name}`
  assertSafePath(path)
  assertAskable(path)
  // Protocol buffers leave a zero out.
  const sizeBytes = wholeNumberOf(fields.get('file_size') ?? 0)
  if (sizeBytes === null)
    throw snapshotRefused(path, 'is listed without a size', 'register it anew')
  return { path, isFolder: fields.get('is_dir') === true, sizeBytes }
}

async function entriesIn(
  client: MlflowClient,
  root: string,
  parent: string,
  signal: AbortSignal | undefined,
): Promise<Entry[]> {
  const answer = await client.ask({
    what: `list the files in ${quoted(parent === '' ? '.' : parent)}`,
    path: artifactsPath,
    query: { path: `${root}/${parent}`.replace(/\/$/, '') },
    signal,
  })
  return (listOf(answer.get('files') ?? []) ?? []).map((item) => entryOf(fieldsOf(item), parent))
}

/**
 * Every file of a version, listed folder by folder through the tracking server.
 *
 * @param root as `artifactRootOf` gives it
 * @throws PromotionError `SNAPSHOT_REFUSED`, `REGISTRY_UNAVAILABLE`
 */
export async function listArtifacts(
  client: MlflowClient,
  root: string,
  signal?: AbortSignal,
): Promise<RegistryFile[]> {
  const files: RegistryFile[] = []
  const folders = ['']
  for (const parent of folders)
    for (const { path, isFolder, sizeBytes } of await entriesIn(client, root, parent, signal)) {
      if (isFolder) folders.push(`${path}/`)
      else files.push({ path, sizeBytes })
      assertFewEnough(files.length)
      assertFewEnough(folders.length, 'folders')
    }
  assertSafePaths(files)
  return files
}

/** The bytes of one file. @throws PromotionError `SNAPSHOT_REFUSED`, `SNAPSHOT_UNSTABLE`, `REGISTRY_UNAVAILABLE` */
export async function openArtifact(
  client: MlflowClient,
  root: string,
  path: string,
  signal?: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  assertSafePath(path)
  assertAskable(path)
  const encoded = `${root}/${path}`.split('/').map(encodeURIComponent).join('/')
  return client.download(
    { what: `hand out ${quoted(path)}`, path: `${artifactsPath}/${encoded}`, signal },
    (status) =>
      status === 404
        ? snapshotUnstable(path, 'is not there any more')
        : snapshotRefused(path, 'is a name or a link that MLflow does not hand out', 'rename it'),
  )
}
