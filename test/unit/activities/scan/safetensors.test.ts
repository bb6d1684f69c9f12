import { expect, test } from 'vitest'
import { goodHeader, goodSafetensors, safetensorsOf } from './builders.js'
import { scanAll, verdictOf } from './scan-of.js'

const one = (tensor: string) => `{"a":${tensor}}`

test.each([
  ['bytes behind the last tensor', Buffer.concat([goodSafetensors(), Buffer.from('x')])],
  ['a hole between two tensors', safetensorsOf(goodHeader.replace('[16,19]', '[17,20]'), 20)],
  ['two tensors that overlap', safetensorsOf(goodHeader.replace('[16,19]', '[15,18]'), 18)],
  [
    'offsets that run backwards',
    safetensorsOf(one('{"dtype":"U8","shape":[0],"data_offsets":[1,0]}'), 0),
  ],
  [
    'a shape that is not its length',
    safetensorsOf(one('{"dtype":"F32","shape":[2],"data_offsets":[0,4]}'), 4),
  ],
  [
    'a shape whose product overflows',
    safetensorsOf(one('{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}'), 0),
  ],
  ['a negative size', safetensorsOf(one('{"dtype":"U8","shape":[-1],"data_offsets":[0,0]}'), 0)],
  [
    'a fraction for a size',
    safetensorsOf(one('{"dtype":"U8","shape":[1.5],"data_offsets":[0,1]}'), 1),
  ],
  ['an unknown type', safetensorsOf(one('{"dtype":"OBJ","shape":[1],"data_offsets":[0,1]}'), 1)],
  [
    'a key that the format does not know',
    safetensorsOf(one('{"dtype":"U8","shape":[1],"data_offsets":[0,1],"code":"x"}'), 1),
  ],
  ['three offsets', safetensorsOf(one('{"dtype":"U8","shape":[1],"data_offsets":[0,1,1]}'), 1)],
  [
    'two equal names',
    safetensorsOf(
      '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
      1,
    ),
  ],
  [
    'two names that are equal once read',
    safetensorsOf(
      String.raw`{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"\u0061":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`,
      0,
    ),
  ],
  ['metadata that is no text', safetensorsOf('{"__metadata__":{"n":1}}', 0)],
  ['something behind the header object', safetensorsOf('{}[]', 0)],
  ['a comment', safetensorsOf('{/**/}', 0)],
  [
    'a header that is not UTF-8',
    safetensorsOf('{"é":{}}', 0).map((byte) => (byte === 0xc3 ? 0xff : byte)),
  ],
])('%s is refused as malformed', async (_, bytes) => {
  expect(await verdictOf(bytes, 'model.safetensors')).toBe('safetensors/malformed')
})

test('cut short at any length it never passes', async () => {
  const whole = goodSafetensors()
  for (let length = 1; length < whole.length; length += 1) {
    expect(await verdictOf(whole.subarray(0, length)), `${length} bytes`).not.toMatch(/inert$/)
  }
})

test('a header of 4 GB in a file of 20 bytes is refused without reading it', async () => {
  const bytes = safetensorsOf('{}', 10)
  bytes.writeUInt32LE(0xffff_ffff, 0)
  expect(await verdictOf(bytes)).toBe('unknown/refused')
  bytes.writeUInt32LE(99_999_999, 0)
  expect(await verdictOf(bytes)).toBe('safetensors/malformed')
})

test('one whose bytes also are a pickle is a polyglot', async () => {
  // To a pickle reader the length 0x1958 begins a text of 25 bytes that ends inside the header; from there texts of
  // 126 bytes each lead on into the data, where the import stands.
  const start = '{"__metadata__":{"k":"'
  const rest = '"},"d":{"dtype":"U8","shape":[100],"data_offsets":[0,100]}}'
  const header = `${start}${`U~${'.'.repeat(126)}`.repeat(50)}U~${rest}`.padEnd(0x1958)
  const bytes = safetensorsOf(header, 100)
  bytes.write('cos\ngetcwd\n)R.', 8 + start.length + 51 * 128)
  const { answer } = await scanAll({ 'model.safetensors': bytes })
  expect(answer.findings).toMatchObject([
    { id: 'scan/polyglot:model.safetensors', waivable: false },
  ])

  bytes.fill(0, 8 + 0x1958)
  expect(await verdictOf(bytes)).toBe('safetensors/inert')
})

test('one with an archive at its end is a polyglot, because zip readers begin there', async () => {
  const zipEnd = Buffer.alloc(22)
  zipEnd.write('PK\u0005\u0006')
  const bytes = Buffer.concat([
    safetensorsOf(one('{"dtype":"U8","shape":[22],"data_offsets":[0,22]}'), 0),
    zipEnd,
  ])
  expect(await verdictOf(bytes)).toBe('safetensors/malformed')
})

test('a sound file is inert, whatever its name', async () => {
  expect(await verdictOf(goodSafetensors(), 'weights.pkl')).toBe('safetensors/inert')
  expect(await verdictOf(safetensorsOf('{}', 0))).toBe('safetensors/inert')
  expect(await verdictOf(safetensorsOf(`${goodHeader}   `, 19))).toBe('safetensors/inert')
})
