/** Passkeys: between the JSON of WebAuthn level 3 section 5.1, which the server speaks, and the browser. */

/** Whether this browser has what is needed; where it has not, people sign in with a password and a code. */
export function passkeysAreKnown() {
  return (
    typeof PublicKeyCredential === 'function' &&
    typeof PublicKeyCredential.parseCreationOptionsFromJSON === 'function' &&
    typeof PublicKeyCredential.parseRequestOptionsFromJSON === 'function'
  )
}

/**
 * Makes a passkey.
 *
 * @param {unknown} options PublicKeyCredentialCreationOptionsJSON
 * @returns {Promise<Record<string, unknown>>} RegistrationResponseJSON
 */
export async function makePasskey(options) {
  assertKnown()
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(
    /** @type {PublicKeyCredentialCreationOptionsJSON} */ (options),
  )
  return toJson(await asked(navigator.credentials.create({ publicKey })))
}

/**
 * Has a passkey sign a challenge.
 *
 * @param {unknown} options PublicKeyCredentialRequestOptionsJSON
 * @returns {Promise<Record<string, unknown>>} AuthenticationResponseJSON
 */
export async function usePasskey(options) {
  assertKnown()
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
    /** @type {PublicKeyCredentialRequestOptionsJSON} */ (options),
  )
  return toJson(await asked(navigator.credentials.get({ publicKey })))
}

function assertKnown() {
  if (!passkeysAreKnown())
    throw new Error(
      'This browser is too old for passkeys here. Use a newer one, or a password and a code.',
    )
}

/** @param {Credential | null} credential @returns {Record<string, unknown>} the shape is the server's to check */
function toJson(credential) {
  if (!(credential instanceof PublicKeyCredential)) throw new Error('The browser gave no passkey')
  return { ...credential.toJSON() }
}

/** What browsers call their refusals (WebAuthn level 3 sections 5.1.3 and 5.1.4), in words that help. */
const refusals = new Map([
  ['NotAllowedError', 'No passkey was used: it was cancelled, it took too long, or none fits.'],
  ['InvalidStateError', 'This device has a passkey for this account already.'],
  [
    'SecurityError',
    "Passkeys belong to this server's public address, and this page was opened at another one. Ask for the right address.",
  ],
  ['NotSupportedError', 'This device cannot make a passkey that the server accepts.'],
])

/** @template T @param {Promise<T>} answer @returns {Promise<T>} */
async function asked(answer) {
  try {
    return await answer
  } catch (error) {
    const words = error instanceof DOMException ? refusals.get(error.name) : undefined
    throw words === undefined ? error : new Error(words, { cause: error })
  }
}
