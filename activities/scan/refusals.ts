import type { Severity } from '../../src/schema/check.js'
import { findingOf } from '../finding.js'
import type { FileVerdict } from './verdict.js'

const toOnnx =
  'Convert the model: skl2onnx, torch.onnx.export or tf2onnx for the model, safetensors for bare weights.'
const unpack = 'Unpack it and promote the files themselves, so that each can be looked at.'
const leaveOut = 'Leave it out of the version: a served model does not need it.'
const asText = 'Keep notes as plain UTF-8 text.'

interface Refusal {
  readonly label: string
  readonly why: string
  readonly remedy: string
}

const runsCode = 'Loading it runs whatever Python its author put inside.'
const hides = 'What is packed inside is not looked at yet, and may be anything.'
const native = 'It is machine code: no scan can tell what it does.'
const source = 'It is a program. A loader that imports it runs it.'
const notRead = 'Its inside is not read yet, and what is not understood does not pass.'

function pack(label: string): Refusal {
  return { label, why: hides, remedy: unpack }
}

function binary(label: string): Refusal {
  return { label, why: native, remedy: leaveOut }
}

function program(label: string): Refusal {
  return { label, why: source, remedy: leaveOut }
}

/** Every format that is known by name and not accepted at this depth. */
const refusals = {
  pickle: { label: 'a Python pickle', why: runsCode, remedy: toOnnx },
  'torch-zip': {
    label: 'a PyTorch file (a zip with a pickle inside)',
    why: runsCode,
    remedy: toOnnx,
  },
  'keras-zip': {
    label: 'a Keras file',
    why: 'It can hold Lambda layers, which are Python code.',
    remedy: toOnnx,
  },
  skops: {
    label: 'a skops file',
    why: 'It names the classes that loading builds.',
    remedy: toOnnx,
  },
  npz: { label: 'a NumPy archive', why: hides, remedy: 'Save the arrays with safetensors.' },
  npy: { label: 'a NumPy array', why: notRead, remedy: 'Save the array with safetensors.' },
  'npy-object': {
    label: 'a NumPy array of Python objects (a pickle)',
    why: runsCode,
    remedy: 'Save numbers only, with safetensors.',
  },
  zip: pack('a zip archive'),
  gzip: pack('a gzip file'),
  zlib: pack('a zlib stream (joblib writes such files)'),
  bzip2: pack('a bzip2 file'),
  xz: pack('an xz file'),
  zstd: pack('a Zstandard file'),
  lz4: pack('an LZ4 file'),
  '7z': pack('a 7z archive'),
  rar: pack('a rar archive'),
  tar: pack('a tar archive'),
  elf: binary('a Linux program or library (ELF)'),
  pe: binary('a Windows program or library (PE)'),
  macho: binary('a macOS program or Java class'),
  wasm: binary('a WebAssembly module'),
  hdf5: {
    label: 'an HDF5 file (Keras writes such files)',
    why: 'It can hold Lambda layers and links to other files.',
    remedy: toOnnx,
  },
  gguf: {
    label: 'a GGUF file',
    why: 'It carries chat templates, which are programs.',
    remedy: 'Wait until GGUF is supported, or promote ONNX.',
  },
  'saved-model': {
    label: 'a TensorFlow SavedModel',
    why: 'Its graph can read and write files.',
    remedy: toOnnx,
  },
  tflite: { label: 'a TensorFlow Lite model', why: notRead, remedy: toOnnx },
  parquet: {
    label: 'a Parquet file',
    why: notRead,
    remedy: 'Keep data sets out of the version, or as CSV.',
  },
  arrow: {
    label: 'an Arrow file',
    why: notRead,
    remedy: 'Keep data sets out of the version, or as CSV.',
  },
  sqlite: { label: 'an SQLite database', why: notRead, remedy: leaveOut },
  pdf: { label: 'a PDF', why: 'It can hold scripts.', remedy: asText },
  png: { label: 'a picture (PNG)', why: notRead, remedy: leaveOut },
  jpeg: { label: 'a picture (JPEG)', why: notRead, remedy: leaveOut },
  html: {
    label: 'HTML or XML',
    why: 'It can hold scripts and outside references.',
    remedy: asText,
  },
  utf16: {
    label: 'UTF-16 text',
    why: 'Readers disagree about what it says.',
    remedy: 'Save it as UTF-8.',
  },
  notebook: { label: 'a notebook', why: source, remedy: leaveOut },
  python: program('Python source'),
  shell: program('a shell script'),
  script: program('a script with an interpreter line (#!)'),
  source: program('a file whose name makes loaders run it'),
  'hostile-text': {
    label: 'text with control or direction characters',
    why: 'What a person reads in it is not what a program reads.',
    remedy: 'Remove the invisible characters.',
  },
  'large-text': {
    label: 'text of more than 64 MiB',
    why: notRead,
    remedy: 'Keep data sets out of the version.',
  },
  'large-file': {
    label: 'larger than the policy allows',
    why: 'The policy sets a limit for each file.',
    remedy: 'Make it smaller, or ask for a higher limit in the policy.',
  },
  unknown: {
    label: 'of no format that is known',
    why: 'What is not understood does not pass.',
    remedy: toOnnx,
  },
} satisfies { readonly [format: string]: Refusal }

type RefusedFormat = keyof typeof refusals

function isRefused(format: string): format is RefusedFormat {
  return Object.hasOwn(refusals, format)
}

/** The verdict on a file that is refused for what it is; `about` adds what was seen in it. */
export function refused(
  path: string,
  format: string,
  severity: Severity = 'high',
  about = '',
): FileVerdict {
  const known = isRefused(format) ? format : 'unknown'
  const { label, why, remedy } = refusals[known]
  const what = `The file is ${label}${about === '' ? '' : `: ${about}`}.`
  const finding = findingOf({ rule: `scan/${known}`, about: path, severity, what, why, remedy })
  return { format: known, verdict: 'refused', findings: [finding] }
}

/** The verdict on a pickle that plainly imports what no model needs. Nobody can waive it. */
export function maliciousPickle(
  path: string,
  format: string,
  imports: readonly string[],
): FileVerdict {
  const finding = findingOf({
    rule: 'scan/pickle',
    about: path,
    severity: 'critical',
    what: `The file is a Python pickle that imports ${imports.slice(0, 10).join(', ')}.`,
    why: 'Whoever loads it runs those functions with arguments that the file chooses: on a laptop, in CI or in production.',
    remedy: `Do not open it. Find out who made it; then make the model again from its training run. ${toOnnx}`,
    waivable: false,
  })
  return { format, verdict: 'malicious', findings: [finding] }
}

/** The verdict on bytes that two loaders would read as two different things. */
export function polyglot(path: string, format: string, hidden: string): FileVerdict {
  const finding = findingOf({
    rule: 'scan/polyglot',
    about: path,
    severity: 'critical',
    what: `The file is ${format} and, read by another loader, ${hidden}.`,
    why: 'Files of two formats are made so that the checker reads one and the loader the other.',
    remedy: 'Export the model again with an ordinary tool and promote that file.',
    waivable: false,
  })
  return { format, verdict: 'malformed', findings: [finding] }
}

/** The verdict on a file that claims a format and breaks its rules. */
export function malformed(
  path: string,
  format: string,
  message: string,
  offset: number,
): FileVerdict {
  const finding = findingOf({
    rule: `scan/malformed-${format}`,
    about: path,
    place: `offset ${offset}`,
    severity: 'high',
    what: `The file begins as ${format} and is not valid: ${message}.`,
    why: 'Loaders disagree about broken files, and what one of them skips may be code for another.',
    remedy:
      'Export or copy the file again; it may be cut short. If it comes from a tool as it is, that tool needs mending.',
  })
  return { format, verdict: 'malformed', findings: [finding] }
}
