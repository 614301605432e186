/** Authenticator apps. */
export { newTotpSecret, totpAt, totpBinding, totpSetup, totpStep } from './totp.ts'
