import { createHash, createPublicKey, sign, verify } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { keyNames, loadInstallation, readPrivateKey } from '../../../src/main/installation.js'

let home: string

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'countersign-installation-'))
})

afterEach(() => rmSync(home, { recursive: true, force: true }))

test('a development folder is never taken for a real one, nor the other way', () => {
  loadInstallation(home, true)
  expect(() => loadInstallation(home, false)).toThrow('was made for development')
})

test('a private key that others can read is refused with the remedy', () => {
  loadInstallation(home, true)
  chmodSync(join(home, 'keys', 'api.key'), 0o640)
  expect(() => readPrivateKey(home, 'api')).toThrow('chmod 600')
})

test('a public key that is not the half of its private one is refused', () => {
  loadInstallation(home, true)
  writeFileSync(
    join(home, 'keys', 'log.pub'),
    readFileSync(join(home, 'keys', 'attestation.pub'), 'utf8'),
  )
  expect(() => readPrivateKey(home, 'log')).toThrow('not the public half')
})

test('an installation file that was torn is refused, not made anew', () => {
  loadInstallation(home, true)
  writeFileSync(join(home, 'installation.json'), '{"id":')
  expect(() => loadInstallation(home, true)).toThrow('restore it from a backup')
})

test('a second start finds the same installation and the same keys', () => {
  const first = loadInstallation(home, true)
  const second = loadInstallation(home, true)
  expect(first.id).toMatch(/^ins_[0-9a-z]{24}$/)
  expect(second).toEqual({ ...first, publicKeys: second.publicKeys })
  for (const name of keyNames) {
    expect(second.publicKeys[name].keyId).toBe(first.publicKeys[name].keyId)
  }
})

test('a public key that was lost comes back from its private one', () => {
  const before = loadInstallation(home, true).publicKeys.log.keyId
  rmSync(join(home, 'keys', 'log.pub'))
  expect(loadInstallation(home, true).publicKeys.log.keyId).toBe(before)
})

test('keys are Ed25519, private to the user, and named by their SPKI', () => {
  const { publicKeys } = loadInstallation(home, true)
  for (const name of keyNames) {
    expect(statSync(join(home, 'keys', `${name}.key`)).mode & 0o777).toBe(0o600)
    const { key, keyId } = readPrivateKey(home, name)
    const message = Buffer.from(name)
    expect(verify(null, message, publicKeys[name].key, sign(null, message, key))).toBe(true)
    const der = createPublicKey(publicKeys[name].pem).export({ type: 'spki', format: 'der' })
    expect(keyId).toBe(createHash('sha256').update(der).digest('hex').slice(0, 16))
  }
})
