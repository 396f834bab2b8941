// The service as both ends know it; messages are plain text, where a real one would have them generated from a .proto file.
const toText = (bytes) => bytes.toString();
const toBytes = (text) => Buffer.from(text);

export const methods = {
  Sell: {
    path: '/shop.Bookstore/Sell',
    requestStream: false,
    responseStream: false,
    requestSerialize: toBytes,
    requestDeserialize: toText,
    responseSerialize: toBytes,
    responseDeserialize: toText,
  },
};
