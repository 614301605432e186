/**
 * AWS Signature Version 4, the verifying side: who signed a request, with which access key, and whether every byte of it is what they
 * signed. Pure functions on what a door read, a cache of signing keys, and the memory of signatures that may count once only. It looks
 * up no access key, opens no session token and decides about nothing else. Its messages quote dates and names of headers, and no value.
 */
export { readSignature, type Presented } from './authorization.ts'
export { SignatureError, type SignatureFault } from './errors.ts'
export { Replays, type ReplayClaim } from './replay.ts'
export { invocationOf, type SignedRequest } from './request.ts'
export { deriveSigningKey, SigningKeys, type SigningScope } from './signing-key.ts'
export { verifySignature } from './verify.ts'
