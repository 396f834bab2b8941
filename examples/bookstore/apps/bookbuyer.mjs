// An honest customer: looks at the shelf, then buys, over and over. The access policy lets it in.
import { sendSteadily } from './shared/open-loop.mjs';
import { serve } from './shared/server.mjs';
import { upstream } from './shared/upstream.mjs';

serve('bookbuyer', {});
sendSteadily({
  name: 'bookbuyer',
  ...upstream('bookstore'),
  ratePerSecond: Number(process.env.REQUESTS_PER_SECOND ?? 100),
  next: (n) => (n % 2 === 0 ? { method: 'GET', path: '/books' } : { method: 'POST', path: '/buy-a-book' }),
});
