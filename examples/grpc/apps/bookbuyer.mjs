// A customer without a sidecar: its gRPC library asks the control plane where to buy (docs/grpc.md).
import { credentials, makeClientConstructor } from '@grpc/grpc-js';
import { register, XdsChannelCredentials } from '@grpc/grpc-js-xds';
import { methods } from './shop.mjs';

register();
const Bookstore = makeClientConstructor(methods, 'Bookstore');
const store = new Bookstore('xds:///bookstore.default:80', new XdsChannelCredentials(credentials.createInsecure()));

let bought = {};
setInterval(() => {
  store.Sell('a book', { deadline: Date.now() + 5_000 }, (error, version) => {
    const result = error === null ? version : error.details;
    bought[result] = (bought[result] ?? 0) + 1;
  });
}, 20);
setInterval(() => {
  console.log(JSON.stringify(bought));
  bought = {};
}, 2_000);
