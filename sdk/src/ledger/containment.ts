import '../without-code-generation.ts'
import type { LedgerRecord } from '@claviger/contract/ledger'

/**
 * What a compromised key may still do: from the opening of its case on it only processes, for those whom the case names, until the time
 * that the case names; and nothing prolongs it (docs/decisions/0007-compromise.md).
 */

/** Uses that process what is protected already. Of those with two sides it is the one that decrypts. */
const processing: ReadonlySet<string> = new Set([
  'decrypt',
  'decryptBatch',
  'verify',
  'verifyBatch',
  'verifyMac',
  'decapsulate',
  // With a version that it names: it processes, as the newest one alone protects.
  'agree',
])
const bothSides: ReadonlySet<string> = new Set(['reencrypt', 'reencryptBatch'])

interface Containment {
  readonly case: string
  readonly index: number
  /** Milliseconds since 1970. */
  readonly until: number
  readonly principals: readonly string[]
}

/** Of a key: as a whole, and of single versions. */
interface Contained {
  whole?: Containment
  readonly versions: Map<number, Containment>
}

export class Containments {
  readonly #keys = new Map<string, Contained>()
  readonly #cases = new Set<string>()

  /**
   * Takes an opening, of the keys that have their versions in common. The first one counts: whoever asks for a case again is told of it.
   *
   * @returns what it lacks
   */
  open(index: number, record: LedgerRecord, keys: readonly string[]): string | undefined {
    const { subject = '', version, detail = {} } = record
    const until = Date.parse(String(detail['decryptsUntil']))
    const { principals } = detail
    if (Number.isNaN(until) || typeof principals !== 'string')
      return this.#cases.has(subject) ? undefined : 'who may still decrypt, and until when'
    this.#cases.add(subject)
    const named = principals.split(' ').filter((each) => each !== '')
    const containment: Containment = { case: subject, index, until, principals: named }
    for (const key of keys) {
      const contained = this.#keys.getOrInsertComputed(key, () => ({ versions: new Map() }))
      if (version === undefined) contained.whole ??= containment
      else if (!contained.versions.has(version)) contained.versions.set(version, containment)
    }
    return undefined
  }

  /** Whether a key, or one of its versions, has a case. */
  has(key: string): boolean {
    return this.#keys.get(key)?.whole !== undefined
  }

  /** A copy has the versions of what it is copied from, with what was said of them. */
  copy(from: string, to: string): void {
    const contained = this.#keys.get(from)
    if (contained !== undefined) this.#keys.set(to, contained)
  }

  /** Why a use is none that a case allows; undefined where it does, or where there is no case. */
  wrongOf(record: LedgerRecord): string | undefined {
    const contained = record.key === undefined ? undefined : this.#keys.get(record.key)
    if (contained === undefined) return undefined
    const { whole } = contained
    const ofVersion =
      record.version === undefined ? undefined : contained.versions.get(record.version)
    const named = whole ?? ofVersion
    if (named === undefined) return undefined
    const { event, part, principal } = record
    const time = Date.parse(record.time)
    const over = [whole, ofVersion].find((each) => each !== undefined && time >= each.until)
    if (!processing.has(event) && !(bothSides.has(event) && part === 'source'))
      return `${event} stands after the compromise.open at entry ${named.index}, which leaves the key nothing but to be re-wrapped`
    if (over !== undefined)
      return `${event} stands after the time until which the compromise.open at entry ${over.index} leaves it`
    if (!named.principals.includes(principal))
      return `${event} is by a principal that the compromise.open at entry ${named.index} does not name`
    return undefined
  }
}
