/**
 * The pages that persons log in, enrol, approve and look after their account with: static files, sent as they stand in `pages/`. What
 * they do, they do through the REST door like anybody else. This door reads no credential, holds nothing of anybody, and must never put
 * anything of a request into an answer.
 */
export { createConsoleDoor, type ConsoleDoor } from './door.ts'
