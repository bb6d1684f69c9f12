import { expect, test } from 'vitest'
import { aliasWriterOf, registryOf } from '../../../../activities/registry/open.js'

test.each([
  '',
  'folder:',
  's3://bucket',
  'http://127.0.0.1:5000',
  'mlflow+ftp://host',
  'mlflow://host',
])('the address %j is refused with the forms that are known', (address) => {
  const refused = expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error
  expect(() => registryOf(address)).toThrow(refused)
  expect(() => aliasWriterOf(address)).toThrow(refused)
})

test.each([
  ['/srv/models', 'folder'],
  ['models', 'folder'],
  ['folder:/srv/models', 'folder'],
  ['mlflow+http://127.0.0.1:5000', 'mlflow'],
  ['mlflow+https://mlflow.example.test', 'mlflow'],
])('%s is a %s registry', (address, kind) => {
  expect(registryOf(address)).toMatchObject({ kind, guardsAlias: false })
  expect(aliasWriterOf(address)).toHaveProperty('moveAlias')
})
