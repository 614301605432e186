/** Passkeys: what browsers are asked, and what their answers prove (WebAuthn level 3). */
export { assertionOptions, credentialOf, verifyAssertion } from './assertion.ts'
export { passkeyFactorId, userHandleOf } from './handle.ts'
export { registrationOptions, verifyRegistration, type NewPasskey } from './registration.ts'
export { passkeyRefused, readAssertion } from './response.ts'
export { PASSKEY_WAIT_MS, siteOf } from './site.ts'
