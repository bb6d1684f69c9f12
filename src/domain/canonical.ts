import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'

/** What RFC 8785 can write down. A property that is undefined is left out, as JSON does. */
export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined }

const loneSurrogate = /\p{Surrogate}/u

function canonicalString(value: string): string {
  if (loneSurrogate.test(value)) throw new TypeError('a lone surrogate has no canonical form')
  return JSON.stringify(value)
}

function canonicalNumber(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`${value} has no canonical form`)
  return JSON.stringify(value)
}

function canonicalObject(value: { readonly [key: string]: Json | undefined }): string {
  const members = Object.keys(value)
    .toSorted((a, b) => (a < b ? -1 : Number(a > b)))
    .flatMap((key) => {
      const member = value[key]
      return member === undefined ? [] : [`${canonicalString(key)}:${canonicalJson(member)}`]
    })
  return `{${members.join(',')}}`
}

/**
 * Writes a value as RFC 8785 (JSON Canonicalization Scheme): the same text for the same value, whoever writes it.
 * Keys sort by UTF-16 code units, numbers are written as ECMAScript does.
 *
 * @throws TypeError for numbers that are not finite and for lone surrogates
 */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return canonicalString(value)
  if (typeof value === 'number') return canonicalNumber(value)
  if (isList(value)) return `[${value.map((item) => canonicalJson(item)).join(',')}]`
  return canonicalObject(value)
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

/** `sha256:` and 64 lower-case hexadecimal digits: how every digest is written outside a manifest. */
export type Digest = `sha256:${string}`

/** The SHA-256 of some bytes, or of the UTF-8 of a text. */
export function digestOf(bytes: Uint8Array | string): Digest {
  const input = typeof bytes === 'string' ? utf8ToBytes(bytes) : bytes
  return `sha256:${bytesToHex(sha256(input))}`
}

/** The SHA-256 of a value's canonical JSON (RFC 8785). */
export function digestOfJson(value: Json): Digest {
  return digestOf(canonicalJson(value))
}
