import { z } from 'zod'

/**
 * Makes zod run without generating code. It must be imported before the contract, because zod decides when a schema is made; without
 * it, zod would try `new Function` once in a process that forbids it.
 */
z.config({ jitless: true })
