import '../without-code-generation.ts'
import type { LedgerRecord } from '@claviger/contract/ledger'
import type { Find } from './report.ts'

/** What ends what, until when. Memory grows with what was ended. */

/** Which field names what an event ends, and as what later records carry it. */
interface End {
  readonly names: 'key' | 'subject'
  readonly of: 'key' | 'credential' | 'principal' | 'binding' | 'grant' | 'trust' | Provider
  readonly undoneBy?: string
  /** Ends one version where the record names one. */
  readonly ofVersions?: true
  /** Related keys have their versions in common, so it ends those of all. */
  readonly ofRelated?: true
}

type Provider = 'identity provider' | 'login provider'

const ends: Readonly<Record<string, End>> = Object.freeze({
  'key.revoke': { names: 'key', of: 'key', ofVersions: true, ofRelated: true },
  'compromise.revoke': { names: 'key', of: 'key', ofVersions: true, ofRelated: true },
  'key.suspend': { names: 'key', of: 'key', undoneBy: 'key.resume' },
  'key.destroy': { names: 'key', of: 'key', undoneBy: 'key.restore' },
  'key.erase': { names: 'key', of: 'key' },
  'key.destroyVersion': {
    names: 'key',
    of: 'key',
    undoneBy: 'key.restoreVersion',
    ofVersions: true,
    ofRelated: true,
  },
  'key.eraseVersion': { names: 'key', of: 'key', ofVersions: true, ofRelated: true },
  'key.deleteMaterial': { names: 'key', of: 'key', undoneBy: 'key.import', ofVersions: true },
  'key.expireMaterial': { names: 'key', of: 'key', undoneBy: 'key.import', ofVersions: true },
  'token.revoke': { names: 'subject', of: 'credential' },
  'accessKey.revoke': { names: 'subject', of: 'credential' },
  'secretId.revoke': { names: 'subject', of: 'credential' },
  'certificate.revoke': { names: 'subject', of: 'credential' },
  'login.end': { names: 'subject', of: 'credential' },
  logout: { names: 'subject', of: 'credential' },
  'loginProvider.delete': { names: 'subject', of: 'login provider' },
  'principal.disable': { names: 'subject', of: 'principal', undoneBy: 'principal.enable' },
  'binding.delete': { names: 'subject', of: 'binding' },
  'grant.revoke': { names: 'subject', of: 'grant' },
  'grant.retire': { names: 'subject', of: 'grant' },
  'trust.delete': { names: 'subject', of: 'trust' },
  'identityProvider.delete': { names: 'subject', of: 'identity provider' },
})

/** Rows whose removal is an end, whatever event it is: a right behind glass goes when that is closed. */
const removals: Readonly<Record<string, End['of']>> = Object.freeze({
  binding: 'binding',
  trust: 'trust',
  identityProvider: 'identity provider',
  loginProvider: 'login provider',
})

interface Rule extends End {
  readonly event: string
}

/** By the event that ends, or undoes it. */
const rules = new Map<string, Rule[]>()
for (const [event, end] of Object.entries(ends)) {
  for (const name of end.undoneBy === undefined ? [event] : [event, end.undoneBy])
    rules.getOrInsertComputed(name, () => []).push({ ...end, event })
}

/** What an end is of: a key, one version of it, somebody, something. No kind holds a digit, so no two are written alike. */
export function thing(kind: End['of'], id: string): string {
  return `${kind} ${id}`
}

export function versionThing(key: string, version: number): string {
  return `version ${version} of key ${key}`
}

export class Ends {
  /** Of each thing: by the event that ended it, the index. */
  readonly #at = new Map<string, Map<string, number>>()

  /** Whether something has ended, and is not begun again. */
  has(what: string): boolean {
    return this.#at.has(what)
  }

  /** Finds a record that is with something that has ended. */
  check({ event }: LedgerRecord, what: string, find: Find): void {
    for (const [end, index] of this.#at.get(what) ?? [])
      find(
        'revocation',
        end === 'key.create' || end === 'key.replicate'
          ? `${event} with ${what} stands before its material was imported, since the ${end} at entry ${index}`
          : `${event} with ${what} stands after the ${end} at entry ${index}`,
      )
  }

  /** The first of several ends of one kind is kept. */
  put(what: string, event: string, index: number): void {
    const places = this.#at.getOrInsertComputed(what, () => new Map())
    if (!places.has(event)) places.set(event, index)
  }

  undo(what: string, event: string): void {
    const places = this.#at.get(what)
    places?.delete(event)
    if (places?.size === 0) this.#at.delete(what)
  }

  /** What ended for one is over for the other. */
  copyOne(from: string, to: string, event: string): void {
    const index = this.#at.get(from)?.get(event)
    if (index !== undefined) this.put(to, event, index)
  }

  /**
   * Takes a record. `related` gives the keys that have their versions in common with one, and itself.
   *
   * @returns which field it lacks
   */
  take(
    index: number,
    record: LedgerRecord,
    related: (key: string) => readonly string[],
  ): string | undefined {
    let lacks: string | undefined
    for (const rule of rules.get(record.event) ?? []) {
      const id = record[rule.names]
      if (id === undefined) {
        lacks = rule.names
        continue
      }
      const ids = rule.ofRelated === true ? related(id) : [id]
      const version = rule.ofVersions === true ? record.version : undefined
      for (const each of ids) {
        const what = version === undefined ? thing(rule.of, each) : versionThing(each, version)
        if (record.event === rule.event) this.put(what, rule.event, index)
        else this.undo(what, rule.event)
      }
    }
    for (const { kind, id, digest } of record.changed ?? []) {
      const of = digest === undefined ? removals[kind] : undefined
      if (of !== undefined) this.put(thing(of, id), record.event, index)
    }
    return lacks
  }
}
