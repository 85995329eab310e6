import { config } from 'zod';

/** Must be imported before any schema: zod would probe for `eval`, which the content security policy forbids and reports. */
config({ jitless: true });
