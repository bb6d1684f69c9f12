#!/usr/bin/env node
import { createHash, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = process.argv[2]
if (folder === undefined) {
  process.stderr.write('usage: make-secrets.js FOLDER\n')
  process.exit(2)
}

const made = []

/**
 * Appears whole or not at all, and never over one that is there.
 *
 * @param {string} name
 * @param {() => string} content
 * @param {number} [mode]
 */
function once(name, content, mode = 0o600) {
  const path = join(folder, name)
  if (existsSync(path)) return
  const half = `${path}.half`
  writeFileSync(half, `${content()}\n`, { mode, flush: true })
  chmodSync(half, mode)
  renameSync(half, path)
  made.push(name)
}

/** @param {string} name */
const read = (name) => readFileSync(join(folder, name), 'utf8').trim()

const token = () => randomBytes(32).toString('hex')

mkdirSync(folder, { recursive: true, mode: 0o700 })
chmodSync(folder, 0o700)

for (const role of ['api', 'worker', 'release', 'observer']) once(`recorder-${role}.token`, token)
once('database-password', token)
// The right to move aliases; MLflow itself is given the digest alone.
once('registry.token', token)
const registryDigest = () => createHash('sha256').update(read('registry.token')).digest('hex')
once('registry.token.sha256', registryDigest, 0o644)

for (const name of ['api', 'attestation', 'log']) {
  once(`${name}.key`, () =>
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).trim(),
  )
  const publicHalf = () =>
    createPublicKey(read(`${name}.key`))
      .export({ type: 'spki', format: 'pem' })
      .trim()
  once(`${name}.pub`, publicHalf, 0o644)
}

const installation = () =>
  JSON.stringify({
    id: `ins_${randomBytes(12).toString('hex')}`,
    createdAt: new Date().toISOString(),
    development: false,
  })
once('installation.json', installation, 0o644)

process.stdout.write(made.length === 0 ? 'nothing to make\n' : `made ${made.join(', ')}\n`)
