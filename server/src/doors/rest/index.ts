/** The native door: REST over HTTP, derived from the contract. */
export { createRestDoor, type RestDoorOptions } from './door.ts'
