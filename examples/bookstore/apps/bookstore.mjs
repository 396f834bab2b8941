// Sells books and, after every tenth, orders another ten from the warehouse.
import { Agent, request } from 'node:http';
import { serve } from './shared/server.mjs';
import { upstream } from './shared/upstream.mjs';

const RESTOCK_EVERY = 10;
const version = process.env.BOOKSTORE_VERSION ?? 'v1';
const warehouse = upstream('bookwarehouse');
const agent = new Agent({ keepAlive: true, maxSockets: 8, scheduling: 'fifo' });
let sold = 0;
let lastOutcome = '';

/** Says how an order went when that differs from the order before. */
function note(outcome) {
  if (outcome !== lastOutcome) console.log(`the warehouse ${outcome}`);
  lastOutcome = outcome;
}

function buy() {
  sold += 1;
  if (sold % RESTOCK_EVERY === 0) restock();
  return { version, sold };
}

function restock() {
  const order = request({ agent, ...warehouse, method: 'POST', path: '/restock-books' }, (response) => {
    response.resume();
    note(`answered ${response.statusCode}`);
  });
  order.on('error', (error) => note(`cannot be reached: ${error.message}`));
  order.end();
}

serve(`bookstore ${version}`, {
  'GET /books': () => ({ version, books: ['Service Meshes', 'Sidecars', 'Splits'] }),
  'POST /buy-a-book': buy,
});
