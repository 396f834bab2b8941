import type { Subject } from './subject.ts';

/** No proxy: what the load generator and the upstream can do. Its cost per request is nothing by definition. */
export const direct: Subject = { name: 'direct', prepare: () => 'direct' };
