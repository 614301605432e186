import {
  formatCheckpoint,
  formatNote,
  formatVerifierKey,
  subtreeMessage,
  timestampedSignature,
  utf8,
  verifierKey,
  type Sha256,
  type SignatureAlgorithm,
  type VerifierKey,
} from '@claviger/contract/ledger'

/**
 * The log's two signatures under a checkpoint. Ed25519 over the text (type 0x01) is what every tool knows and what a witnessed log
 * must carry (C2SP tlog-tiles, Checkpoints); ML-DSA-44 with a time (type 0x06) is what tlog-checkpoint asks of logs, since it also
 * holds against a quantum computer.
 */

/**
 * The few primitives that signing needs; `PrivateKey` is whatever they hold a private key in. Signing must not hold up the event
 * loop: ML-DSA-44 takes about a millisecond.
 */
export interface LogPrimitives<PrivateKey> {
  readonly sha256: Sha256
  generate(algorithm: SignatureAlgorithm): Promise<LogKey<PrivateKey>>
  /** A signature over the message itself; for ML-DSA-44 with the empty context. */
  sign(
    algorithm: SignatureAlgorithm,
    privateKey: PrivateKey,
    message: Uint8Array,
  ): Promise<Uint8Array>
}

export interface LogKey<PrivateKey> {
  readonly privateKey: PrivateKey
  /** As its standard encodes it: 32 bytes for Ed25519, 1,312 for ML-DSA-44. */
  readonly publicKey: Uint8Array
}

/** The signing keys of a log; one pair each, for this log and nothing else. */
export interface LogKeys<PrivateKey> {
  readonly ed25519: LogKey<PrivateKey>
  readonly mlDsa44: LogKey<PrivateKey>
}

/** The tree head to sign. */
export interface TreeHead {
  readonly origin: string
  readonly size: number
  readonly root: Uint8Array
  /** When it is signed, in whole seconds since 1970. */
  readonly time: number
}

/** Makes the signing keys of a new log. */
export async function createLogKeys<PrivateKey>(
  primitives: LogPrimitives<PrivateKey>,
): Promise<LogKeys<PrivateKey>> {
  return {
    ed25519: await primitives.generate('ed25519'),
    mlDsa44: await primitives.generate('ml-dsa-44'),
  }
}

/** The verifier keys to publish (C2SP signed-note, vkeys), Ed25519 first. The key name is the origin (tlog-checkpoint). */
export function vkeys<PrivateKey>(
  sha256: Sha256,
  keys: LogKeys<PrivateKey>,
  origin: string,
): string[] {
  const { ed25519, mlDsa44 } = verifierKeys(sha256, keys, origin)
  return [formatVerifierKey(ed25519), formatVerifierKey(mlDsa44)]
}

/**
 * A checkpoint as a signed note. It signs what it is given: that every head is consistent with those signed before, and that its
 * entries are durable, is for the caller, who must keep the note durably before publishing it.
 *
 * @throws LedgerFormatError where no checkpoint can say it.
 */
export async function signCheckpoint<PrivateKey>(
  primitives: LogPrimitives<PrivateKey>,
  keys: LogKeys<PrivateKey>,
  { origin, size, root, time }: TreeHead,
): Promise<string> {
  const text = formatCheckpoint({ origin, size, root, extensions: [] })
  const { ed25519, mlDsa44 } = verifierKeys(primitives.sha256, keys, origin)
  const subtree = subtreeMessage({
    cosigner: origin,
    time,
    origin,
    start: 0,
    end: size,
    hash: root,
  })
  const [classical, quantum] = await Promise.all([
    primitives.sign('ed25519', keys.ed25519.privateKey, utf8(text)),
    primitives.sign('ml-dsa-44', keys.mlDsa44.privateKey, subtree),
  ])
  return formatNote({
    text,
    signatures: [
      { name: origin, keyId: ed25519.keyId, signature: classical },
      { name: origin, keyId: mlDsa44.keyId, signature: timestampedSignature(time, quantum) },
    ],
  })
}

function verifierKeys<PrivateKey>(
  sha256: Sha256,
  keys: LogKeys<PrivateKey>,
  origin: string,
): { ed25519: VerifierKey; mlDsa44: VerifierKey } {
  return {
    ed25519: verifierKey(sha256, origin, 0x01, keys.ed25519.publicKey),
    mlDsa44: verifierKey(sha256, origin, 0x06, keys.mlDsa44.publicKey),
  }
}
