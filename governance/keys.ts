import { createPublicKey, type KeyObject } from 'node:crypto'
import { fileFault, type GovernanceFault } from './faults.js'

const pemBlock = /^-----BEGIN PUBLIC KEY-----\r?\n[A-Za-z0-9+/=\r\n]+-----END PUBLIC KEY-----\s*$/
const curves: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1', 'secp521r1'])

function isKindKnown(key: KeyObject): boolean {
  if (key.asymmetricKeyType === 'ed25519') return true
  const curve = key.asymmetricKeyDetails?.namedCurve ?? ''
  return key.asymmetricKeyType === 'ec' && curves.has(curve)
}

function parsed(pem: string): KeyObject | null {
  try {
    return createPublicKey(pem)
  } catch {
    return null
  }
}

/** Reads a file of `keys/`; the fault where it is anything but one public key (SPKI PEM, Ed25519 or ECDSA). */
export function readPublicKey(
  file: string,
  bytes: Uint8Array,
): { readonly key: KeyObject; readonly pem: string } | { readonly fault: GovernanceFault } {
  const pem = Buffer.from(bytes).toString('latin1')
  if (pem.includes('PRIVATE KEY')) {
    const what =
      'holds a private key: take it out of the folder, and make a new pair, since others read this folder'
    return { fault: fileFault(file, what) }
  }
  const key = pemBlock.test(pem) ? parsed(pem) : null
  if (key && isKindKnown(key)) return { key, pem }
  const what =
    'is not one public key in PEM (SPKI): Ed25519 or ECDSA P-256, P-384, P-521 was expected'
  return { fault: fileFault(file, what) }
}
