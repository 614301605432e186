import { hmacSha256, randomSecret } from '#crypto'
import type { Hierarchy } from './hierarchy.ts'
import { unwrap, wrap } from './wrapping.ts'

/** The secrets that sign what webhooks are told, in the clear only here (the symmetric scheme of Standard Webhooks 1.0). */

const SECRET_BYTES = 32

interface Whose {
  readonly tenant: string
  readonly subscription: string
}

function binding({ tenant, subscription }: Whose) {
  return { purpose: 'notice secret', tenant, subscription }
}

/** A new secret as its owner gets it, once, and as it is stored; the newest one that is stored goes on behind it where it is given. */
export function newNoticeSecret(hierarchy: Hierarchy, whose: Whose, before?: Uint8Array) {
  const key = hierarchy.tenantWrappingKey(whose.tenant)
  const secret = randomSecret(SECRET_BYTES)
  const old = before === undefined ? undefined : unwrap(key, binding(whose), before)
  const both = Buffer.concat([secret, ...(old ? [old.subarray(0, SECRET_BYTES)] : [])])
  try {
    return {
      text: `whsec_${secret.toString('base64')}`,
      wrapped: wrap(key, binding(whose), both),
    }
  } finally {
    secret.fill(0)
    old?.fill(0)
    both.fill(0)
  }
}

/** The header `webhook-signature` for `<id>.<timestamp>.<body>`: by the newest secret, and by the one from before while it counts. */
export function signNotice(
  hierarchy: Hierarchy,
  whose: Whose & { readonly wrapped: Uint8Array; readonly withPrevious: boolean },
  content: string,
): string {
  const secrets = unwrap(hierarchy.tenantWrappingKey(whose.tenant), binding(whose), whose.wrapped)
  try {
    const signatures: string[] = []
    const end = whose.withPrevious ? secrets.length : SECRET_BYTES
    for (let at = 0; at < end; at += SECRET_BYTES) {
      const code = hmacSha256(secrets.subarray(at, at + SECRET_BYTES), Buffer.from(content))
      signatures.push(`v1,${code.toString('base64')}`)
    }
    return signatures.join(' ')
  } finally {
    secrets.fill(0)
  }
}
