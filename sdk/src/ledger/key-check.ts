import '../without-code-generation.ts'
import type { LedgerRecord } from '@claviger/contract/ledger'
import { Containments } from './containment.ts'
import { thing, versionThing, type Ends } from './ends.ts'
import type { Fresh, Made } from './made.ts'
import type { Find } from './report.ts'

/** Keys over the records in their order: what is used was made, has its material, and has not ended. */

/** The number in a row's id: `<key>/<ten digits>`. */
const VERSION = /^(.*)\/0*(\d+)$/

export class KeyCheck {
  readonly #made: Made
  readonly #ends: Ends
  readonly #containments = new Containments()
  /** The keys that have their versions in common, by each of them. */
  readonly #related = new Map<string, string[]>()

  constructor(made: Made, ends: Ends) {
    this.#made = made
    this.#ends = ends
  }

  /** The keys that have their versions in common with a key, and itself. */
  readonly related = (key: string): readonly string[] => this.#related.get(key) ?? [key]

  /** Whether a record is of a use, or of a copy, which what has ended does not allow either. */
  check(record: LedgerRecord, isUse: boolean, find: Find): void {
    const { key, event, version } = record
    if (key === undefined) return
    const made = this.#made.get('key', key)
    if (made === undefined) {
      if (isUse) find('unmade', `${event} is with key ${key}, which the ledger never made`)
    } else if (made.tenant !== record.tenant)
      find('unmade', `${event} is with key ${key}, which is another tenant's`)
    if (event === 'key.replicate') this.#ends.check(record, thing('key', key), find)
    if (event === 'key.replicate' && this.#containments.has(key))
      find('revocation', `${event} of key ${key} stands after the opening of its case`)
    if (!isUse) return
    this.#ends.check(record, thing('key', key), find)
    if (version === undefined)
      return find('record', `${event} does not say which version of the key it used`)
    if (made !== undefined && !this.#made.has('version', versionId(key, version)))
      find(
        'unmade',
        `${event} is with version ${version} of key ${key}, which the ledger never made`,
      )
    this.#ends.check(record, versionThing(key, version), find)
    const wrong = this.#containments.wrongOf(record)
    if (wrong !== undefined) find('revocation', wrong)
  }

  /** Takes what a change made, before its ends are taken. */
  take(index: number, record: LedgerRecord, fresh: readonly Fresh[], find: Find): void {
    const { event, key } = record
    const keys = fresh.filter(({ kind }) => kind === 'key').map(({ id }) => id)
    // What takes the place of related keys is related.
    if (event === 'compromise.open' && keys.length > 1) this.#relate(keys)
    if (event === 'key.replicate' && key !== undefined)
      for (const replica of keys) this.#replicate(key, replica)
    for (const { kind, id } of fresh) if (kind === 'version') this.#begin(index, event, id)
    if (event === 'key.import' && key !== undefined && record.version !== undefined)
      for (const waits of ['key.create', 'key.replicate'])
        this.#ends.undo(versionThing(key, record.version), waits)
    if (event !== 'compromise.open' || key === undefined) return
    const wasWhole = this.#containments.has(key)
    const lacks = this.#containments.open(index, record, this.related(key))
    if (lacks !== undefined) find('record', `${event} does not say ${lacks}`)
    // What the case leaves is left also of a key that was suspended at the alarm.
    if (wasWhole || !this.#containments.has(key)) return
    for (const each of this.related(key)) this.#ends.undo(thing('key', each), 'key.suspend')
  }

  #relate(keys: readonly string[]): void {
    const all = [...keys]
    for (const key of keys) this.#related.set(key, all)
  }

  /** A replica has the versions of its key, with what was said of each. */
  #replicate(key: string, replica: string): void {
    this.#relate([...this.related(key), replica])
    this.#containments.copy(key, replica)
    const from = this.#made.get('key', key)
    if (from?.imported === true) this.#made.set('key', replica, from)
  }

  /** A version that was not there. Imported material is not there either, where a key is made for it, or copied without it. */
  #begin(index: number, event: string, id: string): void {
    const [, key = '', number = '0'] = VERSION.exec(id) ?? []
    const version = Number(number)
    const what = versionThing(key, version)
    for (const gone of ['key.deleteMaterial', 'key.expireMaterial']) this.#ends.undo(what, gone)
    if (event === 'key.replicate') {
      const [first = key] = this.related(key)
      for (const end of revoking) this.#ends.copyOne(versionThing(first, version), what, end)
    }
    const waits = this.#made.get('key', key)?.imported === true
    if (waits && (event === 'key.create' || event === 'key.replicate'))
      this.#ends.put(what, event, index)
  }
}

/** What ends a version of every related key, and so also of one that comes later. */
const revoking = [
  'key.revoke',
  'compromise.revoke',
  'key.destroyVersion',
  'key.eraseVersion',
] as const

function versionId(key: string, version: number): string {
  return `${key}/${String(version).padStart(10, '0')}`
}
