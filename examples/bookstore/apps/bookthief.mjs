// A thief: asks for the same things as the buyer. No policy names it, so the bookstore's sidecar refuses it.
import { sendSteadily } from './shared/open-loop.mjs';
import { serve } from './shared/server.mjs';
import { upstream } from './shared/upstream.mjs';

serve('bookthief', {});
sendSteadily({
  name: 'bookthief',
  ...upstream('bookstore'),
  ratePerSecond: Number(process.env.REQUESTS_PER_SECOND ?? 20),
  next: () => ({ method: 'POST', path: '/buy-a-book' }),
});
