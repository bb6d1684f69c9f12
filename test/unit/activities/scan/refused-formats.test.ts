import { deflateSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { scanAll } from './scan-of.js'

function bytes(hex: string, tail = 600): Buffer {
  return Buffer.concat([Buffer.from(hex.replaceAll(' ', ''), 'hex'), Buffer.alloc(tail, 0xa7)])
}

function zip(name: string): Buffer {
  const head = Buffer.alloc(30)
  head.write('PK\u0003\u0004')
  head.writeUInt16LE(name.length, 26)
  return Buffer.concat([head, Buffer.from(name), Buffer.alloc(40)])
}

function tar(): Buffer {
  const archive = Buffer.alloc(1024)
  archive.write('a.txt')
  archive.write('ustar\u000000', 257)
  return archive
}

function npy(descr: string): Buffer {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (1,), }`
  return Buffer.concat([
    bytes('934e554d5059 0100 7600', 0),
    Buffer.from(header.padEnd(118)),
    Buffer.alloc(8),
  ])
}

test.each([
  ['zip', zip('a/b.txt')],
  ['torch-zip', zip('model/data.pkl')],
  ['npz', zip('weights.npy')],
  ['keras-zip', zip('metadata.json')],
  ['skops', zip('schema.json')],
  ['gzip', gzipSync('hello')],
  ['zlib', deflateSync('hello')],
  ['bzip2', bytes('425a6839314159265359')],
  ['xz', bytes('fd377a585a00')],
  ['zstd', bytes('28b52ffd')],
  ['7z', bytes('377abcaf271c')],
  ['rar', bytes('526172211a0700')],
  ['tar', tar()],
  ['elf', bytes('7f454c460201')],
  ['pe', bytes('4d5a9000')],
  ['macho', bytes('cffaedfe')],
  ['hdf5', bytes('894844460d0a1a0a')],
  ['gguf', bytes('47475546 03000000')],
  ['npy', npy('<f8')],
  ['npy-object', npy('|O')],
  ['parquet', bytes('50415231 1504')],
  ['sqlite', bytes('53514c69746520666f726d6174203300')],
  ['saved-model', bytes('080112')],
  ['tflite', bytes('1c000000 54464c33')],
  ['png', bytes('89504e470d0a1a0a')],
  ['utf16', Buffer.from('\uFEFFhello', 'utf16le')],
  ['unknown', bytes('01020304')],
  ['unknown', Buffer.from('caf\u00e9 au lait', 'latin1')],
])('%s is refused by its name, whatever the file is called', async (format, content) => {
  for (const path of ['model.safetensors', 'model.onnx', 'notes.txt', 'config.json', 'weights']) {
    const { answer, files } = await scanAll({ [path]: content })
    expect(files[0]).toMatchObject({ format, class: 'refused' })
    expect(answer.outcome).toBe('failed')
    expect(answer.findings).toMatchObject([{ id: `scan/${format}:${path}`, where: path }])
  }
})

test('an empty file is inert', async () => {
  const { answer, files } = await scanAll({ __init__: '' })
  expect(files[0]).toMatchObject({ format: 'empty', class: 'inert' })
  expect(answer.outcome).toBe('passed')
})
