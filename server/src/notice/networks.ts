import { BlockList, isIP } from 'node:net'

/**
 * Where messages may go. Who may subscribe chooses the URL, and with it where this server connects to: without this wall they could
 * reach what only this machine reaches (server-side request forgery, OWASP), such as a cloud's metadata service at 169.254.169.254.
 */

/**
 * Not public: IANA's registries of special-purpose addresses (RFC 6890), multicast, and what wraps an IPv4 address. Of IPv6 only 2000::/3
 * is given out for global unicast (RFC 4291 section 2.4), so everything outside is not public either.
 */
const special: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
  ['::', 3],
  ['4000::', 2],
  ['8000::', 1],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]

function family(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}

/** Ranges by family: an IPv4 address inside an IPv6 one is looked at as what it is written as. */
class Ranges {
  readonly #lists = { ipv4: new BlockList(), ipv6: new BlockList() }

  add(address: string, bits: number): void {
    this.#lists[family(address)].addSubnet(address, bits, family(address))
  }

  has(address: string): boolean {
    return this.#lists[family(address)].check(address, family(address))
  }
}

export class Networks {
  readonly #special = new Ranges()
  readonly #allowed = new Ranges()

  /** `allowed` are networks (CIDR) that may be reached although they are not public. @throws RangeError */
  constructor(allowed: readonly string[]) {
    for (const [address, bits] of special) this.#special.add(address, bits)
    for (const network of allowed) {
      const [address = '', bits = ''] = network.split('/')
      const most = isIP(address) === 6 ? 128 : 32
      if (isIP(address) === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > most)
        throw new RangeError(`${network} is no network such as 10.0.0.0/8`)
      this.#allowed.add(address, Number(bits))
    }
  }

  /** Whether a message may go to an address. */
  allows(address: string): boolean {
    // A zone (fe80::1%eth0) is of this machine alone, and nothing public has one.
    if (isIP(address) === 0 || address.includes('%')) return false
    return this.#allowed.has(address) || !this.#special.has(address)
  }
}
