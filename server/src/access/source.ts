/** Who a stranger is, as far as an address tells. */

/** The groups of an IPv6 address, and those of them that say the network. */
const GROUPS = 8
const NETWORK_GROUPS = 4

/**
 * What strangers are counted by: the address as the socket writes it, or of IPv6 the network of 64 bits, since whoever has one address has
 * all of those (RFC 4291 section 2.5.1). IPv4 inside IPv6 is an address by itself.
 */
export function sourceOf(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address
  const [front = [], back = []] = address.split('::').map((half) => half.split(':'))
  const zeros = Array.from({ length: Math.max(0, GROUPS - front.length - back.length) }, () => '0')
  return [...front, ...zeros, ...back].slice(0, NETWORK_GROUPS).join(':')
}
