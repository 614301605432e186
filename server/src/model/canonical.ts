/**
 * Canonical JSON: object members sorted by UTF-16 code units, no white space, undefined members left out (RFC 8785 for the values
 * we store: strings, booleans, null, arrays, and integers). One value has one spelling, so it can be sealed, hashed and compared.
 *
 * @throws TypeError for what has no one spelling here: a number that is not a safe integer, an array with holes, an object that is not
 *   plain (a date or a byte array would lose what it holds).
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string')
    return JSON.stringify(value)
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new TypeError('canonical JSON holds integers only')
    return String(value)
  }
  // Array.from makes holes undefined, which is refused like any undefined item.
  if (Array.isArray(value)) return `[${Array.from(value, canonicalJson).join(',')}]`
  if (typeof value === 'object') {
    if (!isPlain(value)) throw new TypeError('canonical JSON holds plain objects only')
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
    return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`
  }
  throw new TypeError(`canonical JSON cannot hold a ${typeof value}`)
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
