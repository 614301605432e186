import { constantTimeEqual, deriveFromPassphrase, randomBytes } from '#crypto'
import { ClavigerError, type AccessSettings, type PasswordHashParameters } from '#model'
import { commonPasswords } from './common.ts'

/** Passwords of persons: argon2id (RFC 9106) in the crypto worker, and the rules of SP 800-63B-4 section 3.1.1.2. */

/** The second recommended choice of RFC 9106 section 4. */
const cost = Object.freeze({ memory: 65_536, passes: 3, lanes: 4 })
const SALT_BYTES = 16
const HASH_BYTES = 32
/** The one in force, and as many before it that may not come again (PCI DSS 8.3.7). */
export const HASHES_KEPT = 5
const LENGTH_MAX = 1_024

/** What a stored password's hashes are wrapped for. */
export function passwordBinding(tenant: string, principal: string) {
  return { purpose: 'password', tenant, id: principal }
}

/** Section 3.1.1.2: the same characters, however they were typed. */
function normal(password: string): string {
  return password.slice(0, LENGTH_MAX).normalize('NFKC')
}

function derive(password: string, { memory, passes, lanes, salt }: PasswordHashParameters) {
  return deriveFromPassphrase(normal(password), Buffer.from(salt, 'base64'), {
    memoryKiB: memory,
    passes,
    parallelism: lanes,
  })
}

/** A new hash, which the caller overwrites, with what it was made with. */
export async function hashPassword(password: string): Promise<{
  readonly parameters: PasswordHashParameters
  readonly hash: Buffer
}> {
  const parameters = { ...cost, salt: randomBytes(SALT_BYTES).toString('base64') }
  return { parameters, hash: await derive(password, parameters) }
}

/** Whether it is the password of the hash that stands at a place in `hashes`. Takes as long where there is none. */
export async function isPassword(
  password: string,
  stored: { readonly parameters: readonly PasswordHashParameters[]; readonly hashes: Uint8Array },
  at = 0,
): Promise<boolean> {
  const parameters = stored.parameters[at]
  const expected = stored.hashes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES)
  const made = await derive(password, parameters ?? nobodys)
  try {
    return parameters !== undefined && constantTimeEqual(made, expected)
  } finally {
    made.fill(0)
  }
}

/** What is hashed for somebody who is not there, so that it takes as long. */
const nobodys: PasswordHashParameters = {
  ...cost,
  salt: Buffer.alloc(SALT_BYTES, 0x63).toString('base64'),
}
/** Nobody's password. */
export const noPassword = Object.freeze({ parameters: [], hashes: new Uint8Array() })

/**
 * Whether somebody may have such a password. No composition is asked for unless the tenant's settings do, for PCI DSS 8.3.6.
 *
 * @throws ClavigerError invalid_request, without the password
 */
export function assertAcceptable(
  password: string,
  name: string,
  settings: Pick<AccessSettings, 'passwordLength' | 'passwordLettersAndDigits'>,
): void {
  const text = normal(password)
  const length = [...text].length
  if (password.length > LENGTH_MAX || length < settings.passwordLength)
    throw refused(`A password has at least ${settings.passwordLength} characters`)
  const plain = text.toLowerCase()
  if (isCommon(plain) || isOf(plain, name.normalize('NFKC').toLowerCase()))
    throw refused('The password is a common one, or made of the name; take a few unrelated words')
  if (settings.passwordLettersAndDigits && !(/\p{L}/u.test(text) && /\p{Nd}/u.test(text)))
    throw refused('A password here has letters and digits')
}

/** A common password, also where it is written several times in a row or a digit stands around it. */
function isCommon(plain: string): boolean {
  const core = plain.replaceAll(/^[\d\W_]+|[\d\W_]+$/g, '')
  return [plain, core].some((each) => commonPasswords.has(each) || isRepeated(each))
}

function isRepeated(text: string): boolean {
  for (let length = 1; length <= text.length / 2 && length <= 32; length += 1) {
    const part = text.slice(0, length)
    if (text.length % length !== 0 || part.repeat(text.length / length) !== text) continue
    if (length <= 4 || commonPasswords.has(part)) return true
  }
  return false
}

/** Whether little is left of it without the person's name. */
function isOf(plain: string, name: string): boolean {
  return name.length >= 3 && plain.replaceAll(name, '').length < 6 && plain.includes(name)
}

function refused(message: string): ClavigerError {
  return new ClavigerError('invalid_request', message, { field: 'password' })
}
