import { errorCodes } from '@claviger/contract'
import {
  ENVELOPE_CIPHERTEXT_AT,
  ENVELOPE_COMMITMENT_BYTES,
  ENVELOPE_HEADER_BYTES,
  ENVELOPE_MESSAGE_BYTES_MAX,
  ENVELOPE_OVERHEAD_BYTES,
  ENVELOPE_SALT_BYTES,
  ENVELOPE_SUBKEY_BYTES,
  envelopeInfo,
  type EnvelopeSuite,
  type EnvelopeVersion,
  parseEnvelope,
  writeEnvelopeHeader,
} from '@claviger/contract/envelope'
import {
  aeadDecrypt,
  aeadEncrypt,
  type Algorithm,
  algorithms,
  constantTimeEqual,
  fitsGcm,
  gcmOpen,
  gcmSeal,
  hkdfSha512,
  type KeyObject,
  randomBytes,
  randomPool,
  secretKey,
  secretSlice,
  TAG_BYTES,
  takeKeySlot,
} from '#crypto'
import { ClavigerError, type Clock } from '#model'
import { releaseSubkey, type Subkey, SubkeyCache } from './subkey-cache.ts'

/**
 * Envelope format 1 under one version of a key (`docs/envelope.md`). The version key never meets a message: it derives a subkey and a
 * commitment for a random salt, and the subkey encrypts. A salt is this process's own and short-lived, so encrypting costs one AEAD
 * call, and the limit of SP 800-38D section 8.3, 2^32 messages under a key, is out of reach however long the version lives.
 */

/** How long a salt and its subkey serve. */
export interface SaltLimits {
  readonly messages: number
  readonly milliseconds: number
}

/** 2^24 messages: random nonces then repeat with probability below 2^-48 (SP 800-38D section 8 asks for 2^-32). */
export const SALT_LIMITS: SaltLimits = Object.freeze({ messages: 16_777_216, milliseconds: 60_000 })

/** What an envelope is made under. */
export interface EnvelopeKeyOptions extends EnvelopeVersion {
  /** The version key. */
  readonly secret: KeyObject
  readonly clock: Clock
  readonly limits?: SaltLimits
  readonly cache?: SubkeyCache
}

/** A salt in use for encrypting. */
interface Turn {
  readonly subkey: Subkey
  /** Everything of the ciphertext before the nonce. */
  readonly header: Uint8Array
  /** Milliseconds since 1970. */
  readonly since: number
  messages: number
}

/** One bound for the process, whatever the number of keys. */
const processCache = new SubkeyCache()

/** The same words for every failure, also those of aeadDecrypt, so that an answer says nothing of the reason. */
const UNDECRYPTABLE = errorCodes.invalid_ciphertext.title

/**
 * Encrypts and decrypts under one version. It does not ask whether the version may: whoever holds it drops it when the key changes,
 * and it does nothing afterwards.
 */
export class EnvelopeKey {
  readonly #algorithm: Algorithm
  readonly #version: EnvelopeVersion
  readonly #clock: Clock
  readonly #limits: SaltLimits
  readonly #cache: SubkeyCache
  #secret: KeyObject | undefined
  #turn: Turn | undefined

  constructor(options: EnvelopeKeyOptions) {
    const { suite, key, version, secret, clock } = options
    this.#algorithm = algorithmOf(suite)
    this.#version = { suite, key, version }
    this.#secret = secret
    this.#clock = clock
    this.#limits = options.limits ?? SALT_LIMITS
    this.#cache = options.cache ?? processCache
  }

  /**
   * Gives the ciphertext of a message and an encoded context. The message stays the caller's to overwrite.
   *
   * @throws RangeError for a message that is longer than the format allows, which the contract refuses long before.
   */
  seal(plaintext: Uint8Array, context: Uint8Array): Buffer {
    if (plaintext.length > ENVELOPE_MESSAGE_BYTES_MAX) {
      throw new RangeError('the message is too long')
    }
    const { subkey, header } = this.#takeTurn()
    // Of Node's shared pool where it is short: a ciphertext is no secret.
    const out = Buffer.allocUnsafe(ENVELOPE_OVERHEAD_BYTES + plaintext.length)
    out.set(header)
    const nonce = out.subarray(ENVELOPE_HEADER_BYTES, ENVELOPE_CIPHERTEXT_AT)
    randomPool.fill(nonce)
    const associated = [header, context]
    if (fitsGcm(this.#algorithm, plaintext.length, header.length + context.length))
      gcmSeal(subkey.slot, nonce, associated, plaintext, out, ENVELOPE_CIPHERTEXT_AT)
    else
      aeadEncrypt(
        this.#algorithm,
        subkey.key,
        nonce,
        associated,
        plaintext,
        out,
        ENVELOPE_CIPHERTEXT_AT,
      )
    return out
  }

  /**
   * Gives the message of a ciphertext that any process sealed under this version; the caller overwrites it when done.
   *
   * @throws ClavigerError invalid_ciphertext, the same for every reason.
   */
  open(ciphertext: Uint8Array, context: Uint8Array): Buffer {
    const secret = alive(this.#secret)
    const parts = parseEnvelope(ciphertext)
    if (parts === undefined || !this.#made(parts)) throw undecryptable()
    const known = this.#cache.get(this, parts.salt)
    const subkey = known ?? deriveSubkey(secret, this.#version, parts.salt)
    // Before anything is decrypted: a tag can be right under two keys, a commitment cannot.
    if (!constantTimeEqual(subkey.commitment, parts.commitment)) {
      if (known === undefined) releaseSubkey(subkey)
      throw undecryptable()
    }
    // Only a salt that somebody with the key has used gets here, so nobody else can fill the cache.
    if (known === undefined) this.#cache.add(this, parts.salt, subkey)
    const associated = [parts.header, context]
    const length = parts.sealed.length - TAG_BYTES
    if (length >= 0 && fitsGcm(this.#algorithm, length, parts.header.length + context.length)) {
      // The caller overwrites it.
      const plaintext = secretSlice(length)
      if (!gcmOpen(subkey.slot, parts.nonce, associated, parts.sealed, plaintext))
        throw undecryptable()
      return plaintext
    }
    return aeadDecrypt(this.#algorithm, subkey.key, parts.nonce, associated, parts.sealed)
  }

  /** Forgets every key; OpenSSL overwrites a KeyObject's bytes when it is collected. Sealing and opening throw from now on. */
  drop(): void {
    this.#secret = undefined
    if (this.#turn !== undefined) releaseSubkey(this.#turn.subkey)
    this.#turn = undefined
    this.#cache.drop(this)
  }

  #made(parts: EnvelopeVersion): boolean {
    const { suite, key, version } = this.#version
    return parts.suite === suite && parts.key === key && parts.version === version
  }

  /** Counts a message on the salt in use, or on a new one where that one has served its time. */
  #takeTurn(): Turn {
    const secret = alive(this.#secret)
    const now = this.#clock.now()
    let turn = this.#turn
    if (turn === undefined || this.#isOver(turn, now)) {
      if (turn !== undefined) releaseSubkey(turn.subkey)
      turn = beginTurn(secret, this.#version, now)
      this.#turn = turn
    }
    turn.messages += 1
    return turn
  }

  #isOver(turn: Turn, now: number): boolean {
    const age = now - turn.since
    // A clock that was set back must not make a salt live longer.
    return turn.messages >= this.#limits.messages || age >= this.#limits.milliseconds || age < 0
  }
}

function undecryptable(): ClavigerError {
  return new ClavigerError('invalid_ciphertext', UNDECRYPTABLE)
}

/** The row of a suite. */
function algorithmOf(suite: EnvelopeSuite): Algorithm {
  const algorithm = algorithms.find((row) => row.envelopeSuite === suite)
  if (algorithm === undefined) throw new RangeError('there is no such suite')
  return algorithm
}

function beginTurn(secret: KeyObject, version: EnvelopeVersion, now: number): Turn {
  const salt = randomBytes(ENVELOPE_SALT_BYTES)
  const subkey = deriveSubkey(secret, version, salt)
  const header = Buffer.alloc(ENVELOPE_HEADER_BYTES)
  writeEnvelopeHeader(header, version, salt, subkey.commitment)
  return { subkey, header, since: now, messages: 0 }
}

/** Subkey and commitment for a salt (RFC 5869). AES-128-GCM takes the first half of the subkey. */
function deriveSubkey(secret: KeyObject, version: EnvelopeVersion, salt: Uint8Array): Subkey {
  const length = ENVELOPE_SUBKEY_BYTES + ENVELOPE_COMMITMENT_BYTES
  const derived = hkdfSha512(secret, salt, envelopeInfo(version), length)
  const keyBytes = algorithmOf(version.suite).keyBytes ?? ENVELOPE_SUBKEY_BYTES
  try {
    return {
      key: secretKey(derived.subarray(0, keyBytes)),
      slot: takeKeySlot(derived.subarray(0, keyBytes)),
      commitment: Buffer.from(derived.subarray(ENVELOPE_SUBKEY_BYTES)),
    }
  } finally {
    derived.fill(0)
  }
}

function alive(secret: KeyObject | undefined): KeyObject {
  if (secret === undefined) throw new Error('this version of the key was dropped')
  return secret
}
