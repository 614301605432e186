import { readEnvelopeVersion, type RsaPadding } from '@claviger/contract'
import type { ConditionValues, Target } from '#access'
import { findAlgorithm } from '#keyring'
import {
  keySpecOf,
  keyUsageOf,
  macAlgorithmOf,
  rsaEncryptionOf,
  signingAlgorithmOf,
  wrappingAlgorithmOf,
  type Key,
} from '#model'
import { contextOf } from './encryption-context.ts'
import type { Aspect, Situation } from './question.ts'

/**
 * The values of the condition keys that key policies may ask for, made of the operation's own input, so that a policy holds at every
 * door alike (AWS KMS Developer Guide, Condition keys for AWS KMS). Names are lower-case. What says who asks, the policy language knows
 * itself; what only services of AWS say, such as kms:ViaService, no request has here.
 */

/** What a value is made of. */
interface Given {
  readonly situation: Situation
  readonly aspect: Aspect
  readonly target: Target
  readonly context: Readonly<Record<string, string>>
  /** The input, or one item of a batch, as far as it has been checked: attacker-chosen. */
  readonly input: Input
}

type Pairs = Readonly<Record<string, string>>

/** What the inputs of all operations have that policies ask for. */
interface Input {
  readonly scheme?: string
  readonly digest?: Uint8Array
  readonly mu?: Uint8Array
  readonly padding?: RsaPadding
  readonly newPadding?: RsaPadding
  readonly algorithm?: string
  readonly wrapping?: string
  readonly bits?: number
  readonly materialExpiresAt?: number
  readonly days?: number
  readonly everyDays?: number
  readonly region?: string
  readonly bypassPolicyLockoutCheck?: boolean
  readonly key?: string
  readonly sourceKey?: string
  readonly ciphertext?: Uint8Array
  readonly set?: Pairs
  readonly labels?: Pairs
  readonly remove?: readonly string[]
  readonly operations?: readonly string[]
  readonly grantee?: string
  readonly retiring?: string
  readonly constraints?: { readonly equals?: Pairs; readonly subset?: Pairs }
}

type Value = string | number | boolean | readonly string[] | undefined

/** Asked by lower-cased name; undefined where the request has no such value. */
export function conditionValues(
  situation: Situation,
  aspect: Aspect,
  target: Target,
): ConditionValues {
  const given: Given = {
    situation,
    aspect,
    target,
    context: contextOf(situation.subject, aspect.purpose),
    input: situation.subject,
  }
  return (name) => {
    const value = byName.get(name)?.(given) ?? member(name, given)
    if (value === undefined) return undefined
    if (typeof value !== 'object') return [String(value)]
    return value.length === 0 ? undefined : value
  }
}

/** The operation that is asked about, in AWS's words. */
function is({ situation, aspect }: Given, ...names: readonly string[]): boolean {
  return names.includes(aspect.other ?? situation.name)
}

const encrypting = [
  'encrypt',
  'encryptBatch',
  'decrypt',
  'decryptBatch',
  'reencrypt',
  'reencryptBatch',
  'datakey',
  'datakeyPair',
] as const
const signing = ['sign', 'signBatch', 'verify', 'verifyBatch'] as const
const macking = ['mac', 'macBatch', 'verifyMac'] as const
const granting = ['grant.create', 'grant.list', 'grant.revoke'] as const
const policing = ['policy.put', 'key.replicate'] as const

const values: Readonly<Record<string, (given: Given) => Value>> = {
  // What the key is.
  'kms:keyspec': ({ target }) => specOf(target.about),
  'kms:customermasterkeyspec': ({ target }) => specOf(target.about),
  'kms:keyusage': ({ target }) => usageOf(target.about),
  'kms:customermasterkeyusage': ({ target }) => usageOf(target.about),
  'kms:keyorigin': ({ target: { about } }) =>
    about && (about.origin === 'imported' ? 'EXTERNAL' : 'AWS_KMS'),
  'kms:multiregion': ({ target: { about } }) => about && about.multiRegion !== undefined,
  'kms:multiregionkeytype': ({ target: { about } }) =>
    about?.multiRegion && (about.multiRegion.primary === about.region ? 'PRIMARY' : 'REPLICA'),
  'kms:resourcealiases': ({ situation, target: { key } }) =>
    key === undefined ? undefined : situation.aliasesOf(key)?.map((alias) => `alias/${alias}`),
  // What is asked of it.
  'kms:requestalias': ({ aspect: { reference } }) =>
    reference === undefined || UUID.test(reference) ? undefined : `alias/${reference}`,
  'kms:encryptioncontextkeys': ({ context }) => Object.keys(context),
  'kms:encryptionalgorithm': encryptionAlgorithm,
  'kms:reencryptonsamekey': (given) =>
    is(given, 'reencrypt', 'reencryptBatch') ? isSameKey(given) : undefined,
  'kms:signingalgorithm': (given) => {
    const about = is(given, ...signing) ? given.target.about : undefined
    if (about === undefined) return undefined
    const scheme = given.input.scheme ?? findAlgorithm(about.algorithm).schemes[0]
    return scheme && signingAlgorithmOf(scheme)
  },
  'kms:messagetype': (given) => {
    if (!is(given, ...signing)) return undefined
    if (given.input.digest !== undefined) return 'DIGEST'
    return given.input.mu === undefined ? 'RAW' : 'EXTERNAL_MU'
  },
  'kms:macalgorithm': (given) => {
    const spec = is(given, ...macking) ? specOf(given.target.about) : undefined
    return spec && macAlgorithmOf(spec)
  },
  'kms:keyagreementalgorithm': (given) => (is(given, 'agree') ? 'ECDH' : undefined),
  'kms:datakeypairspec': (given) =>
    is(given, 'datakeyPair') ? algorithmSpec(given.input.algorithm) : undefined,
  // What is done to it.
  'kms:wrappingalgorithm': (given) =>
    is(given, 'key.importParameters') ? wrappingAlgorithmOf(given.input.wrapping ?? '') : undefined,
  'kms:wrappingkeyspec': (given) =>
    is(given, 'key.importParameters') ? `RSA_${given.input.bits}` : undefined,
  'kms:expirationmodel': (given) => {
    if (!is(given, 'key.import')) return undefined
    return given.input.materialExpiresAt === undefined
      ? 'KEY_MATERIAL_DOES_NOT_EXPIRE'
      : 'KEY_MATERIAL_EXPIRES'
  },
  'kms:validto': (given) => {
    const at = is(given, 'key.import') ? given.input.materialExpiresAt : undefined
    return at === undefined ? undefined : new Date(at).toISOString()
  },
  'kms:rotationperiodindays': (given) => {
    if (is(given, 'key.setRotation')) return given.input.everyDays
    return is(given, 'key.autoRotate') ? given.input.days : undefined
  },
  'kms:schedulekeydeletionpendingwindowindays': (given) =>
    is(given, 'key.destroy') ? given.input.days : undefined,
  'kms:replicaregion': (given) => (is(given, 'key.replicate') ? given.input.region : undefined),
  'kms:primaryregion': (given) => (is(given, 'key.setPrimary') ? given.input.region : undefined),
  'kms:bypasspolicylockoutsafetycheck': (given) =>
    is(given, ...policing) ? (given.input.bypassPolicyLockoutCheck ?? false) : undefined,
  'aws:tagkeys': (given) => [
    ...Object.keys(requestTags(given) ?? {}),
    ...(is(given, 'key.label') ? (given.input.remove ?? []) : []),
  ],
  // Who is let in.
  'kms:granteeprincipal': (given) =>
    is(given, 'grant.create') ? principal(given, given.input.grantee) : undefined,
  'kms:retiringprincipal': (given) =>
    is(given, 'grant.create') ? principal(given, given.input.retiring) : undefined,
  'kms:grantoperations': (given) =>
    is(given, 'grant.create') ? given.input.operations : undefined,
  'kms:grantconstrainttype': (given) => {
    const { equals, subset } = (is(given, 'grant.create') && given.input.constraints) || {}
    if (equals !== undefined) return 'EncryptionContextEquals'
    return subset === undefined ? undefined : 'EncryptionContextSubset'
  },
  'kms:grantisforawsresource': (given) => (is(given, ...granting) ? false : undefined),
  // From where, and when.
  'aws:sourceip': ({ situation }) => situation.origin.source,
  'aws:securetransport': ({ situation }) => situation.origin.secure,
  'aws:requestedregion': ({ situation }) => situation.origin.region,
  'aws:viaawsservice': () => false,
  'aws:currenttime': ({ situation }) => new Date(situation.now).toISOString(),
  'aws:epochtime': ({ situation }) => Math.floor(situation.now / 1_000),
}

/** Names come from policies, and some mean something to every object. */
const byName = new Map(Object.entries(values))

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Condition keys that end in a name of the request's own. */
const members: readonly (readonly [prefix: string, (given: Given) => Pairs | undefined])[] = [
  ['kms:encryptioncontext:', ({ context }) => context],
  ['aws:resourcetag/', ({ target }) => target.labels],
  ['aws:requesttag/', requestTags],
]

/** The case of such a name does not count, so that there may be several values. */
function member(name: string, given: Given): readonly string[] | undefined {
  for (const [prefix, pairsOf] of members) {
    if (!name.startsWith(prefix)) continue
    const wanted = name.slice(prefix.length)
    return Object.entries(pairsOf(given) ?? {})
      .filter(([key]) => key.toLowerCase() === wanted)
      .map(([, value]) => value)
  }
  return undefined
}

function requestTags(given: Given): Pairs | undefined {
  if (is(given, 'key.label')) return given.input.set
  return is(given, 'key.update', 'key.replicate') ? given.input.labels : undefined
}

function algorithmSpec(algorithm: string | undefined) {
  return algorithm === undefined ? undefined : keySpecOf(findAlgorithm(algorithm).name)
}

function specOf(about: Key | undefined) {
  return about && keySpecOf(about.algorithm)
}

function usageOf(about: Key | undefined) {
  return about && keyUsageOf(about.usage)
}

function encryptionAlgorithm(given: Given): string | undefined {
  const { about } = given.target
  if (about?.usage !== 'encrypt' || !is(given, ...encrypting)) return undefined
  if (findAlgorithm(about.algorithm).pair === undefined) return 'SYMMETRIC_DEFAULT'
  const { padding, newPadding } = given.input
  const isSecond = given.aspect.purpose === 'apply' && is(given, 'reencrypt', 'reencryptBatch')
  return rsaEncryptionOf((isSecond ? newPadding : padding) ?? 'rsa-oaep-sha-256')
}

/** Whether a re-encryption stays under the key that decrypts. */
function isSameKey({ situation, input }: Given): boolean {
  const { key, sourceKey, ciphertext } = input
  if (key === undefined) return true
  const source = sourceKey ?? (ciphertext && readEnvelopeVersion(ciphertext)?.key)
  const from = source === undefined ? undefined : situation.found(source)
  return from !== undefined && from === situation.found(key)
}

/** As grants name principals: by the ARN, or by the name of one of the account. */
function principal({ situation }: Given, text: string | undefined): string | undefined {
  if (text === undefined || text.startsWith('arn:')) return text
  return `arn:aws:iam::${situation.caller.account}:user/${text}`
}
