import type { ByteSource } from '../byte-source.js'

/** How many bytes of a file are looked at to name it: tar says its name at byte 257. */
export const headLength = 4096

interface Magic {
  readonly format: string
  readonly bytes: string
  readonly at?: number
}

/** Formats that are refused by their first bytes, in hexadecimal. */
const magics: readonly Magic[] = [
  { format: 'gzip', bytes: '1f8b' },
  { format: 'bzip2', bytes: '425a68' },
  { format: 'xz', bytes: 'fd377a585a00' },
  { format: 'zstd', bytes: '28b52ffd' },
  { format: 'lz4', bytes: '04224d18' },
  { format: '7z', bytes: '377abcaf271c' },
  { format: 'rar', bytes: '526172211a07' },
  { format: 'tar', bytes: '7573746172', at: 257 },
  { format: 'elf', bytes: '7f454c46' },
  { format: 'pe', bytes: '4d5a' },
  { format: 'macho', bytes: 'feedface' },
  { format: 'macho', bytes: 'feedfacf' },
  { format: 'macho', bytes: 'cefaedfe' },
  { format: 'macho', bytes: 'cffaedfe' },
  { format: 'macho', bytes: 'cafebabe' },
  { format: 'wasm', bytes: '0061736d' },
  { format: 'hdf5', bytes: '894844460d0a1a0a' },
  { format: 'gguf', bytes: '47475546' },
  { format: 'npy', bytes: '934e554d5059' },
  { format: 'parquet', bytes: '50415231' },
  { format: 'arrow', bytes: '4152524f5731' },
  { format: 'sqlite', bytes: '53514c69746520666f726d6174203300' },
  { format: 'tflite', bytes: '54464c33', at: 4 },
  { format: 'pdf', bytes: '255044462d' },
  { format: 'png', bytes: '89504e470d0a1a0a' },
  { format: 'jpeg', bytes: 'ffd8ff' },
  { format: 'utf16', bytes: 'fffe' },
  { format: 'utf16', bytes: 'feff' },
  { format: 'saved-model', bytes: '080112' },
]

const zipFlavours: readonly (readonly [RegExp, string])[] = [
  [/(^|\/)(data\.pkl|\.format_version|constants\.pkl)$/, 'torch-zip'],
  [/\.npy$/, 'npz'],
  [/^(metadata\.json|config\.json|model\.weights\.h5)$/, 'keras-zip'],
  [/^schema\.json$/, 'skops'],
]

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** The name in the first local header tells the flavour: enough for advice, and nothing rests on it. */
function zipFlavour(head: Uint8Array): string {
  const view = Buffer.from(head)
  const name = view.length > 30 ? view.toString('latin1', 30, 30 + view.readUInt16LE(26)) : ''
  return zipFlavours.find(([pattern]) => pattern.test(name))?.[1] ?? 'zip'
}

/** An .npy whose type holds `O` carries a pickle behind its header. */
function npyFlavour(head: Uint8Array): string {
  return /'descr':[^,]*O/.test(Buffer.from(head).toString('latin1', 0, 1024)) ? 'npy-object' : 'npy'
}

function isZlib(head: Uint8Array): boolean {
  const [method = 0, flags = 0] = head
  return method === 0x78 && (method * 256 + flags) % 31 === 0
}

/** The refused format that the first bytes name; null where they name none. */
export function magicFormat(head: Uint8Array): string | null {
  const text = hex(head.subarray(0, 512))
  if (/^504b(0304|0506|0708)/.test(text)) return zipFlavour(head)
  const found = magics.find(({ bytes, at = 0 }) => text.startsWith(bytes, at * 2))?.format
  if (found === 'npy') return npyFlavour(head)
  // `x` also begins words: of text it is known that no byte of it is a control character.
  return found ?? (isZlib(head) ? 'zlib' : null)
}

const zipTailBytes = 65_557

/** True when a zip reader, which looks from the end, would find an archive in this file. */
async function hasZipTail(source: ByteSource): Promise<boolean> {
  const length = Math.min(zipTailBytes, source.size)
  const tail = Buffer.from(await source.read(source.size - length, length))
  for (let at = tail.lastIndexOf('PK\u0005\u0006'); at >= 0;) {
    if (at + 22 <= tail.length && at + 22 + tail.readUInt16LE(at + 20) === tail.length) return true
    at = at === 0 ? -1 : tail.lastIndexOf('PK\u0005\u0006', at - 1)
  }
  return false
}

/** HDF5 readers also look at 512, 1024, 2048 ... bytes for their signature. */
async function hasHdf5Inside(source: ByteSource): Promise<boolean> {
  for (let at = 512; at + 8 <= source.size; at *= 2) {
    if (hex(await source.read(at, 8)) === '894844460d0a1a0a') return true
  }
  return false
}

/** The second format that another loader would find in the same bytes; null where there is none. */
export async function hiddenFormat(source: ByteSource): Promise<string | null> {
  if (await hasZipTail(source)) return 'zip'
  return (await hasHdf5Inside(source)) ? 'hdf5' : null
}
