import { isWithoutMaterial, type Key, type KeyVersion } from '#model'
import { keyArn as nativeKeyArn, kmsKeyId, type Caller, type Facts } from '#operations'
import {
  aliasArn,
  keyArn,
  keyNotFound,
  multiRegionId,
  readKeyReference,
  sharedUuid,
  type KeyReference,
} from './arn.ts'
import { AwsException } from './exceptions.ts'
import type { AwsOperation } from './members.ts'

interface Said {
  readonly text: string
  /** What the gate was given for it. */
  readonly reference: string
  readonly said: KeyReference
}

/** One request under way: from where it comes, which keys it names, and what the gate told of them. */
export class Asking {
  readonly operation: AwsOperation
  readonly region: string
  /** When it came, in milliseconds since 1970. */
  readonly now: number
  /** Everything but what would be recorded or changed is to be done. */
  dryRun = false
  facts: Facts | undefined
  /** The reference of the key that a ciphertext is decrypted with, once it was read. */
  source: string | undefined
  #caller: Caller | undefined
  #withoutMaterial = false
  #everHadMaterial = false
  #met: string | undefined
  /** What the request said: texts, and what they were read as. One or two. */
  readonly #said: Said[] = []

  constructor(operation: AwsOperation, region: string, now: number) {
    this.operation = operation
    this.region = region
    this.now = now
  }

  /** Who asks; the gate tells when it believes them. */
  believe(caller: Caller): void {
    this.#caller = caller
  }

  get caller(): Caller | undefined {
    return this.#caller ?? this.facts?.caller
  }

  get account(): string {
    return this.caller?.account ?? ''
  }

  /**
   * The gate's reference for a KeyId, and AWS's texts for one that cannot be any.
   *
   * @throws AwsException NotFoundException
   */
  reference(keyId: string, aliases: 'aliases' | 'no aliases' = 'aliases'): string {
    for (const { text, reference } of this.#said) if (text === keyId) return reference
    const said = readKeyReference(keyId, this, aliases)
    // Tenants are walls: another account's key is as good as none.
    if (said.account !== undefined && said.account !== this.account) throw otherAccount(keyId)
    const reference = said.kind === 'alias' ? said.alias : (sharedUuid(said.id) ?? said.id)
    this.#said.push({ text: keyId, reference, said })
    return reference
  }

  /** The ARN of what the request named: of the key that it said, or of the alias; the same whether there is such a thing or not. */
  arnOfSaid(reference: string): string {
    const said = this.#said.find((one) => one.reference === reference)?.said
    if (said?.kind === 'alias') return aliasArn(this, said.alias)
    return keyArn(this, said?.id ?? reference)
  }

  /** What the request named, in order. */
  get said(): readonly (readonly [reference: string, said: KeyReference])[] {
    return this.#said.map(({ reference, said }) => [reference, said] as const)
  }

  /** A key that the gate found. */
  key(reference: string): Key {
    const key = this.facts?.key(reference)
    if (key === undefined)
      throw new AwsException('KMSInternalException', 'The key was not found', 'internal')
    return key
  }

  /** The caller may do it with this key. What is left of one whose deletion is done is not shown. @throws AwsException NotFoundException */
  meet(key: Key, current: KeyVersion, reference: string): void {
    if (key.state === 'destroyed' || key.state === 'destroyed-compromised')
      throw keyNotFound(this.arn(key))
    this.#withoutMaterial = isWithoutMaterial(current, this.now)
    // Of imported material its fingerprint stays.
    this.#everHadMaterial = !this.#withoutMaterial || current.fingerprint !== undefined
    this.#met = reference
  }

  /** Whether the key that is looked at is the one of this reference. */
  isMet(reference: string): boolean {
    return this.#met === reference
  }

  /** Whether the key that is looked at has no material yet, or no more. */
  get withoutMaterial(): boolean {
    return this.#withoutMaterial
  }

  /** Whether it has material, or had it once. */
  get everHadMaterial(): boolean {
    return this.#everHadMaterial
  }

  /** The ARN of a key that the gate found. */
  keyArn(reference: string): string {
    return this.arn(this.key(reference))
  }

  arn(key: Key): string {
    return nativeKeyArn(key, this.account, this.region)
  }

  /** The ARN of a key that is only known by what a list says of it. */
  arnOfId(id: string, region: string | undefined, multiRegion: string | undefined): string {
    const place = { region: region ?? this.region, account: this.account }
    return keyArn(place, multiRegion === undefined ? id : multiRegionId(multiRegion))
  }

  keyId(key: Key): string {
    return kmsKeyId(key)
  }
}

function otherAccount(keyId: string): AwsException {
  return new AwsException('NotFoundException', `Key '${keyId}' does not exist`)
}
