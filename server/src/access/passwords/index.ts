/** What persons know. */
export {
  assertAcceptable,
  HASHES_KEPT,
  hashPassword,
  isPassword,
  noPassword,
  passwordBinding,
} from './passwords.ts'
