import {
  findAlgorithm,
  generateMaterial,
  hmacSha256,
  openMaterial,
  publicKeyDer,
  randomSecret,
  sign,
} from '#crypto'
import type { NoticeSignature } from '#model'
import type { Hierarchy } from './hierarchy.ts'
import { unwrap, wrap } from './wrapping.ts'

/**
 * The secrets that sign what webhooks are told, in the clear only here: Standard Webhooks 1.0, section "Signature scheme". They are
 * kept one after the other, newest first, and how long each is follows from what it signs.
 */

/** A secret of random bytes, or Ed25519 in PKCS#8 (RFC 8410 section 7). */
const secretBytes: Readonly<Record<NoticeSignature, number>> = { v1: 32, v1a: 48 }
/** The bare public key at the end of its SubjectPublicKeyInfo (RFC 8410 section 4). */
const PUBLIC_KEY_BYTES = 32

const ed25519 = findAlgorithm('Ed25519')

interface Whose {
  readonly tenant: string
  readonly subscription: string
}

/** What is stored, under the tenant's key, and what each of it signs, newest first. */
interface Kept {
  readonly wrapped: Uint8Array
  readonly signatures: readonly NoticeSignature[]
}

/** A secret as it is stored, and what its owner is given: the secret itself this once, or the public half of a pair. */
export interface NewNoticeSecret extends Kept {
  readonly secret?: string
  readonly publicKey?: string
}

function binding({ tenant, subscription }: Whose) {
  return { purpose: 'notice secret', tenant, subscription }
}

/** A new secret; the newest one of those that are kept goes on behind it. */
export async function newNoticeSecret(
  hierarchy: Hierarchy,
  whose: Whose,
  signature: NoticeSignature,
  before?: Kept,
): Promise<NewNoticeSecret> {
  const key = hierarchy.tenantWrappingKey(whose.tenant)
  const secret = signature === 'v1' ? randomSecret(secretBytes.v1) : await generateMaterial(ed25519)
  const kept = before === undefined ? undefined : unwrap(key, binding(whose), before.wrapped)
  const [previous] = before?.signatures ?? []
  const old = previous === undefined ? undefined : kept?.subarray(0, secretBytes[previous])
  const both = Buffer.concat([secret, ...(old === undefined ? [] : [old])])
  try {
    return {
      ...shown(signature, secret),
      wrapped: wrap(key, binding(whose), both),
      signatures: [signature, ...(previous === undefined ? [] : [previous])],
    }
  } finally {
    secret.fill(0)
    kept?.fill(0)
    both.fill(0)
  }
}

/** In the serialization of the standard, whose prefix says what it is. */
function shown(signature: NoticeSignature, secret: Buffer) {
  if (signature === 'v1') return { secret: `whsec_${secret.toString('base64')}` }
  const publicKey = publicKeyDer(openMaterial(ed25519, secret)).subarray(-PUBLIC_KEY_BYTES)
  return { publicKey: `whpk_${publicKey.toString('base64')}` }
}

/** The header `webhook-signature` for `<id>.<timestamp>.<body>`: by each secret whose signature is named, which are all or the newest. */
export async function signNotice(
  hierarchy: Hierarchy,
  whose: Whose & Kept,
  content: string,
): Promise<string> {
  const secrets = unwrap(hierarchy.tenantWrappingKey(whose.tenant), binding(whose), whose.wrapped)
  try {
    const message = Buffer.from(content)
    const parts: string[] = []
    let at = 0
    for (const signature of whose.signatures) {
      const secret = secrets.subarray(at, at + secretBytes[signature])
      at += secret.length
      const made =
        signature === 'v1'
          ? hmacSha256(secret, message)
          : await sign(openMaterial(ed25519, secret), 'ed25519', { message })
      parts.push(`${signature},${Buffer.from(made).toString('base64')}`)
    }
    return parts.join(' ')
  } finally {
    secrets.fill(0)
  }
}
