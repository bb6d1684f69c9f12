#!/usr/bin/env node
import { createHash } from 'node:crypto'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parse, parseDocument } from 'yaml'

/**
 * How Dex names somebody of its own password list in `sub`: the base64url of the protobuf message
 * {1: userID, 2: "local"}. A length of one byte is enough for anything below 128.
 *
 * @param {string} userId
 */
export function dexSubject(userId) {
  const id = Buffer.from(userId)
  if (id.length === 0 || id.length > 127) throw new Error(`${userId}: 1 to 127 bytes were expected`)
  const connector = Buffer.from('local')
  const parts = [Buffer.from([0x0a, id.length]), id, Buffer.from([0x12, connector.length])]
  return Buffer.concat([...parts, connector]).toString('base64url')
}

/**
 * Copies a governance folder made for development and gives its people the issuer and subjects of Dex.
 * Machines are left out: Dex gives tokens to people only.
 *
 * @param {{ from: string, to: string, dexConfig: string }} folders
 */
export function makeGovernance({ from, to, dexConfig }) {
  const { issuer, staticPasswords } = parse(readFileSync(dexConfig, 'utf8'))
  const userIds = new Map(staticPasswords.map(({ email, userID }) => [email, userID]))
  cpSync(from, to, { recursive: true })
  const ownersFile = join(to, 'owners.yaml')
  const owners = parseDocument(readFileSync(ownersFile, 'utf8'))
  for (const person of owners.get('people').items) {
    const userId = userIds.get(person.get('email'))
    if (userId === undefined) throw new Error(`${dexConfig} does not know ${person.get('email')}`)
    person.set('issuer', issuer)
    person.set('subject', dexSubject(userId))
  }
  owners.delete('machines')
  writeFileSync(ownersFile, owners.toString())
  const headFile = join(to, 'governance.yaml')
  const head = parseDocument(readFileSync(headFile, 'utf8'))
  head.setIn(['files', 'owners.yaml'], digestOf(ownersFile))
  writeFileSync(headFile, head.toString())
}

/** @param {string} path */
function digestOf(path) {
  return `sha256:${createHash('sha256').update(readFileSync(path)).digest('hex')}`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [from, dexConfig, to] = process.argv.slice(2)
  if (from === undefined || dexConfig === undefined || to === undefined) {
    process.stderr.write('usage: make-governance.js GOVERNANCE-FOLDER DEX-CONFIG NEW-FOLDER\n')
    process.exit(2)
  }
  makeGovernance({ from, to, dexConfig })
}
