import { PromotionError } from '../../src/domain/errors.js'
import { createFolderAliasWriter, createFolderRegistry } from './folder.js'
import { createMlflowAliasWriter, createMlflowRegistry } from './mlflow.js'
import type { AliasWriter, ModelRegistry } from './registry.js'

/** What an adapter over the network needs besides the address. */
export interface RegistryAccess {
  readonly timeoutMs?: number
  readonly token?: string
}

type Place =
  | { readonly kind: 'folder'; readonly root: string }
  | { readonly kind: 'mlflow'; readonly baseUrl: string }

const scheme = /^(?<scheme>[a-z][a-z0-9+.-]+):/i

/** @throws PromotionError `CONFIG_INVALID` */
function placeOf(address: string): Place {
  const name = scheme.exec(address)?.groups?.['scheme']?.toLowerCase()
  if (address.startsWith('folder:') && address.length > 'folder:'.length)
    return { kind: 'folder', root: address.slice('folder:'.length) }
  if (name === undefined && address !== '') return { kind: 'folder', root: address }
  if (name === 'mlflow+http' || name === 'mlflow+https')
    return { kind: 'mlflow', baseUrl: address.slice('mlflow+'.length) }
  throw new PromotionError('CONFIG_INVALID', 'the address of the registry is of no known kind', {
    remedy: 'give a folder, folder:PATH, mlflow+http://HOST:PORT or mlflow+https://HOST:PORT',
  })
}

/** The registry at an address: a folder, `folder:PATH`, or MLflow at `mlflow+http(s)://HOST:PORT`. */
export function registryOf(address: string, access: RegistryAccess = {}): ModelRegistry {
  const place = placeOf(address)
  return place.kind === 'folder'
    ? createFolderRegistry({ root: place.root })
    : createMlflowRegistry({ ...access, baseUrl: place.baseUrl })
}

/** The right to move aliases there; only the release worker asks for it. */
export function aliasWriterOf(address: string, access: RegistryAccess = {}): AliasWriter {
  const place = placeOf(address)
  return place.kind === 'folder'
    ? createFolderAliasWriter({ root: place.root })
    : createMlflowAliasWriter({ ...access, baseUrl: place.baseUrl })
}
