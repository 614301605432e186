/** IP addresses and ranges of them, for the condition operators IpAddress and NotIpAddress. */

interface Address {
  readonly bits: 32 | 128
  readonly value: bigint
}

export interface AddressRange {
  readonly bits: 32 | 128
  /** The bits that do not count. */
  readonly free: bigint
  /** The bits that count. */
  readonly network: bigint
}

/** The longest text of an address, RFC 4291 section 2.2 form 3. */
const ADDRESS_LENGTH_MAX = 45
/** `::ffff:0:0/96`, RFC 4291 section 2.5.5.2. */
const MAPPED = 0xffffn

/** Whether an address is in one of the ranges; undefined: it is no address. An IPv4-mapped IPv6 address is the IPv4 address. */
export function isWithin(text: string, ranges: readonly AddressRange[]): boolean | undefined {
  const given = parseAddress(text)
  if (given === undefined) return undefined
  const address =
    given.bits === 128 && given.value >> 32n === MAPPED
      ? { bits: 32, value: given.value & 0xffff_ffffn }
      : given
  return ranges.some(
    ({ bits, free, network }) => bits === address.bits && address.value >> free === network,
  )
}

/** A range in CIDR form, or one address; undefined: it is neither. Bits below the prefix do not count. */
export function parseRange(text: string): AddressRange | undefined {
  const slash = text.indexOf('/')
  const address = parseAddress(slash === -1 ? text : text.slice(0, slash))
  if (address === undefined) return undefined
  const prefix = slash === -1 ? String(address.bits) : text.slice(slash + 1)
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > address.bits) return undefined
  const free = BigInt(address.bits - Number(prefix))
  // A range of mapped addresses is the range of IPv4 addresses they stand for.
  if (address.bits === 128 && free <= 32n && address.value >> 32n === MAPPED) {
    return { bits: 32, free, network: (address.value & 0xffff_ffffn) >> free }
  }
  return { bits: address.bits, free, network: address.value >> free }
}

function parseAddress(text: string): Address | undefined {
  if (text.length > ADDRESS_LENGTH_MAX) return undefined
  if (!text.includes(':')) {
    const value = parseIPv4(text)
    return value === undefined ? undefined : { bits: 32, value }
  }
  const value = parseIPv6(text)
  return value === undefined ? undefined : { bits: 128, value }
}

function parseIPv4(text: string): bigint | undefined {
  const parts = text.split('.')
  // No leading zeros: elsewhere they mean octal.
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part))) {
    return undefined
  }
  if (parts.some((part) => Number(part) > 255)) return undefined
  return parts.reduce((value, part) => (value << 8n) | BigInt(part), 0n)
}

/** RFC 4291 section 2.2: eight groups, of which `::` stands for at least one, and the last two perhaps written as IPv4. */
function parseIPv6(text: string): bigint | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [front = [], back = []] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const last = back.length > 0 ? back : halves.length === 1 ? front : []
  const embedded = last.at(-1)
  if (embedded?.includes('.') === true) {
    const value = parseIPv4(embedded)
    if (value === undefined) return undefined
    last.splice(-1, 1, (value >> 16n).toString(16), (value & 0xffffn).toString(16))
  }
  const missing = 8 - front.length - back.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const groups = [...front, ...Array.from({ length: missing }, () => '0'), ...back]
  if (!groups.every((group) => /^[\da-f]{1,4}$/i.test(group))) return undefined
  return groups.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n)
}
