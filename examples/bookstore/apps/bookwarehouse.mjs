// Sends books to the bookstores, and to nobody else.
import { serve } from './shared/server.mjs';

let delivered = 0;

function restock() {
  delivered += 10;
  return { delivered };
}

serve('bookwarehouse', { 'POST /restock-books': restock });
