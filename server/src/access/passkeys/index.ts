/** Passkeys: what browsers are asked, and what their answers prove (WebAuthn level 3). */
export { assertionOptions, assertionProves, credentialOf, verifyAssertion } from './assertion.ts'
export { registrationOptions, verifyRegistration, type NewPasskey } from './registration.ts'
export { siteOf, type Site } from './site.ts'
