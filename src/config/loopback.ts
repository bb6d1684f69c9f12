/** True for an address that no other machine can reach. Names other than localhost are never resolved: unknown is no. */
export function isLoopbackHost(host: string): boolean {
  const bare = host.toLowerCase().replace(/^\[(.*)\]$/, '$1')
  if (bare === 'localhost' || bare === '::1') return true
  const octets = bare.split('.')
  return octets.length === 4 && octets[0] === '127' && octets.every(isOctet)
}

function isOctet(text: string): boolean {
  return /^\d{1,3}$/.test(text) && Number(text) <= 255
}
