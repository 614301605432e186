import '../without-code-generation.ts'
import type { LedgerRecord } from '@claviger/contract/ledger'

/**
 * What the changes made, by the rows that their records name: who a credential is, whom a right was given to, whose a key is. What no
 * change made is none. Memory grows with what was made.
 */

/** What is known of something that was made; a part that the ledger does not tell is absent. */
export interface Thing {
  readonly tenant?: string | undefined
  /** Whose it is: of a credential, of a right, of a trust whom others may act as. */
  readonly principal?: string | undefined
  /** Of a right that is a group's. */
  readonly group?: string | undefined
  /** Of a trust: who may act as the principal. */
  readonly by?: string | undefined
  /** Of a trust, and of a login: which provider vouches. */
  readonly provider?: string | undefined
  /** Milliseconds since 1970 from which on it counts no more, where the ledger says so. */
  readonly until?: number | undefined
  /** Of a key: its material comes from elsewhere. */
  readonly imported?: boolean
}

export type MadeKind =
  | 'key'
  | 'version'
  | 'tenant'
  | 'principal'
  | 'token'
  | 'accessKey'
  | 'secretId'
  | 'certificate'
  | 'loginSession'
  | 'binding'
  | 'membership'
  | 'trust'

/** Which operations make what; a row that another one writes is one that was there. */
const makers: Readonly<Record<MadeKind, readonly string[]>> = Object.freeze({
  key: ['key.create', 'key.import', 'key.replicate', 'compromise.open', 'seed.key'],
  version: [
    'key.create',
    'key.import',
    'key.rotate',
    'key.rotateDue',
    'key.setRotation',
    'key.autoRotate',
    'rotation.wait',
    'key.replicate',
    'compromise.open',
    'seed.key',
  ],
  tenant: ['system.init', 'tenant.create'],
  principal: [
    'system.init',
    'tenant.create',
    'principal.create',
    'login.provider',
    'seed.principal',
  ],
  token: ['system.init', 'tenant.create', 'token.create', 'token.createForOwner'],
  accessKey: ['accessKey.create', 'accessKey.createForOwner', 'seed.principal'],
  secretId: ['secretId.create'],
  certificate: ['certificate.create'],
  loginSession: [
    'login',
    'login.passkey',
    'login.provider',
    'login.deviceConfirm',
    'enrolment.complete',
  ],
  binding: [
    'system.init',
    'tenant.create',
    'binding.create',
    'breakGlass.open',
    'compromise.open',
    'seed.principal',
  ],
  membership: ['group.add', 'login.provider'],
  trust: ['trust.create'],
})

/** What may come again after it was taken away: others end for good. */
const returning: ReadonlySet<string> = new Set(['version', 'membership'])

/** Something that was not there before. */
export interface Fresh {
  readonly kind: MadeKind
  readonly id: string
}

function isMadeKind(kind: string): kind is MadeKind {
  return Object.hasOwn(makers, kind)
}

export class Made {
  readonly #things = new Map<string, Thing>()

  get(kind: MadeKind, id: string): Thing | undefined {
    return this.#things.get(`${kind} ${id}`)
  }

  has(kind: MadeKind, id: string): boolean {
    return this.#things.has(`${kind} ${id}`)
  }

  set(kind: MadeKind, id: string, thing: Thing): void {
    this.#things.set(`${kind} ${id}`, thing)
  }

  /** Takes what a change wrote, and gives what was not there before. Of an event that nobody here knows it is not said what it makes. */
  write(record: LedgerRecord, isKnown: boolean): readonly Fresh[] {
    const fresh: Fresh[] = []
    if (this.#isBegunAgain(record)) return fresh
    for (const { kind, id, digest } of record.changed ?? []) {
      if (digest === undefined || !isMadeKind(kind) || this.has(kind, id)) continue
      if (isKnown && !makers[kind].includes(record.event)) continue
      this.set(kind, id, thingOf(kind, record))
      fresh.push({ kind, id })
    }
    return fresh
  }

  /** A tenant begins once, and the first one before everything else: nobody gets an owner in one that is there. */
  #isBegunAgain({ event, changed = [] }: LedgerRecord): boolean {
    if (event === 'system.init') return this.#things.size > 0
    if (event !== 'tenant.create') return false
    return changed.some(({ kind, id }) => kind === 'tenant' && this.has('tenant', id))
  }

  /** Takes what a change removed, where it can come again. */
  remove({ changed = [] }: LedgerRecord): void {
    for (const { kind, id, digest } of changed)
      if (digest === undefined && returning.has(kind)) this.#things.delete(`${kind} ${id}`)
  }
}

/** What there is to say of a version, a tenant, or of somebody's being in a group, is in its id. */
const bare: Thing = Object.freeze({})

function thingOf(kind: MadeKind, record: LedgerRecord): Thing {
  const { detail = {}, event } = record
  // A tenant begins with an owner of its own, whoever makes it.
  const begun = event === 'system.init' || event === 'tenant.create'
  const made = (of: string) => record.changed?.find((row) => row.kind === of)?.id
  const tenant = begun ? made('tenant') : record.tenant
  switch (kind) {
    case 'version':
    case 'membership':
    case 'tenant':
      return bare
    case 'principal':
      return { tenant }
    case 'key':
      return detail['origin'] === 'imported' ? { tenant, imported: true } : { tenant }
    case 'secretId':
      // It lets nobody in but with the tokens that it is exchanged for.
      return { tenant, principal: ownerOf(record, undefined), until: 0 }
    case 'loginSession':
      return { tenant, principal: record.principal, provider: textOf(detail['provider']) }
    case 'trust':
      return {
        tenant,
        principal: textOf(detail['principal']),
        by: textOf(detail['by']),
        provider: textOf(detail['provider']),
      }
    case 'binding':
      // Rights that a replacement takes over are many, and whose they are stands with the old ones.
      if (event === 'compromise.open') return { tenant }
      return {
        tenant,
        principal: ownerOf(record, begun ? made('principal') : undefined),
        group: textOf(detail['group']),
        until: numberOf(detail['until']),
      }
    default:
      return { tenant, principal: ownerOf(record, begun ? made('principal') : undefined) }
  }
}

function ownerOf(
  { event, subject, detail = {} }: LedgerRecord,
  begun: string | undefined,
): string | undefined {
  return begun ?? (event === 'seed.principal' ? subject : textOf(detail['principal']))
}

function textOf(value: string | number | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function numberOf(value: string | number | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined
}
